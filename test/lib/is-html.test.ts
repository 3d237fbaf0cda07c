import { describe, expect, it } from "vitest";
import { isHtml } from "../../src/lib/text.ts";
import { caseText } from "../support/case-text.ts";

/** Plain text by people and programs, including angle brackets. */
const TEXTS = [
  "",
  "   \n ",
  "Salom, ishlar qalay?\n\nHurmat bilan,\nAli",
  "Dear <name>,\n\nline two\nline three",
  "Hurmatli <mijoz ismi>,\nnarx a<b bo‘lsa",
  "Dear <title> <last name>, your order <number> has shipped",
  "<developer> please look at this",
  "<redacted>",
  "[<time>] <nick> hello there\n[<time>] <other> hi",
  "if (a <b && c> d) {\n  return;\n}",
  "for (i = 0; i<n; i++) { if (x<y && y>z) s++; }",
  "Map<String, List<Integer>> m = new HashMap<>();",
  "std::vector<b> x; std::map<a, b> y; Array<P> z",
  "fn take<T: Into<String>>(s: T) -> Option<T>",
  "const f = <T,>(x: T): Promise<T> => x",
  "#include <stdio.h>\n#include <vector>\nint main() {}",
  'File "<stdin>", line 1, in <module>\n  x',
  "at Object.<anonymous> (/app/index.js:1:1)\nat <listcomp>",
  "New lead:\n<adf>\n <prospect>Ali</prospect>\n</adf>\nend",
  '<?xml version="1.0"?>\n<order><title>Shirt</title><address>Tashkent</address><body>x</body></order>',
  "<note><to>Tove</to><from>Jani</from><heading>Reminder</heading><body>Do not forget</body></note>",
  "<!DOCTYPE note SYSTEM 'note.dtd'>\n<note><b>x</b></note>",
  "<soap:Envelope><soap:Body><m:Get>1</m:Get></soap:Body></soap:Envelope>",
  "write <br> for a new line\nok",
  "write <br> or <br/> for a new line",
  'use "<br>" between the lines (or <hr>)',
  "wrap it in <b> and </b> and it is bold",
  "<b> is bold, <i> is italic",
  "The <table> tag is not allowed here, nor is <div>.",
  "Replace `<p>` with `<div>`, please",
  "Tag <p>: opens a paragraph; tag </p>: closes it",
  "Hi,\n\nplease put this on the page:\n\n<b>Sale</b>\n\nThanks\nAnn",
  "Hi,\n\nthe snippet is\n\n<div class='x'>\n  <p>Hi</p>\n</div>\n\nthanks",
  "<john@x.example> wrote:\n> 5 < 6\n> I <3 you",
  "See <https://example.org/a?b=c&d=e> and <mailto:a@b.example>",
  "Call <+998 90 123 45 67>",
  "a < b and c > d",
  "2 <3 and 4> 3",
  "<a@b.example>, <c@d.example>",
  "<<< REPORT >>>",
  "-->  <-- arrows <-> and <=>",
  "Use &lt; for <, &amp; for &\nand &nbsp; for a blank",
  "Tom & Jerry; AT&T; R&D",
  "a &unknown; b",
  "<",
  "<a",
  '<a href="',
  "x <%= name %> y <?php echo 1 ?> z",
  "Usage: tool [-h] <file> <output>\n\n  <file>   what to read\n",
  "Subject: <no subject>\nFrom: <unknown>",
  "- <s@x.example>\n- <u@x.example>",
  "x\u0000<y>\ud800",
];

/** HTML by mail programs, services and webmail: documents and fragments. */
const MARKUP = [
  "<div>hi</div>",
  "<p>x</p>",
  "<br>",
  "<!doctype html>",
  '<!DOCTYPE html PUBLIC "-//W3C//DTD XHTML 1.0 Strict//EN" "http://www.w3.org/TR/xhtml1/DTD/xhtml1-strict.dtd"><html>',
  "  \n\ufeff<html><body>x</body></html>",
  '<?xml version="1.0" encoding="utf-8"?>\n<!DOCTYPE html><html><body>x</body></html>',
  "<!-- header --><p>x</p>",
  "<!--[if mso]><xml><o:OfficeDocumentSettings/></xml><![endif]--><table><tr><td>x</td></tr></table>",
  "Hello<br>world<br/>bye",
  "Hello<br />\nworld",
  "Salom,<br>\n<br>\nqandaysiz?<br>\n",
  "Hello <br>\nworld <br>\nbye",
  "Thanks for <b>reaching out</b>!",
  "<b>Hello</b>",
  "<B>HELLO</B><BR>WORLD",
  "Hello <i>there</i>, how are you?",
  '<a href="https://x.example">link</a>',
  'Click <a href="https://x.example/?a=1&b=2">here</a>.',
  "<a href=https://x.example>link",
  '<span style="color:red">red</span>',
  "<font face=Arial size=2>text</font>",
  '<img src="cid:logo@x">',
  "Photo: <img src='x.png' alt='a > b'> of <img src=y.png>",
  "<p>Hello",
  "<p>One<p>Two<p>Three",
  "Hello<p>World<p>bye",
  "<ul><li>One<li>Two</ul>",
  "Bob wrote:<blockquote>hi</blockquote>",
  "<div dir=ltr>x<div><br></div></div>",
  '<div dir="ltr">Salom <name></div>',
  "<p class=MsoNormal><o:p>&nbsp;</o:p></p>",
  "<style>p{color:red}</style>text",
  "<script>never closed",
  "<center><h1>Sale</h1></center>",
  "<pre>a\n\nb</pre>",
  "<table width=100%><tr><td>x</table>",
  "<TABLE><TBODY><TR><TD>x</TD></TR></TBODY></TABLE>",
  "<head><title>x</title></head><body>y</body>",
  '<meta http-equiv="Content-Type" content="text/html; charset=utf-8"><div>x</div>',
  "Dear Ali,<br><br>your order &lt;12&gt; has shipped.<br><br>Ann",
  "<h2>News</h2>\n\n<p>a &lt; b</p>\n\n<p>c</p>",
  "text <strong>bold</strong> and <em>soft</em>\nnext",
  '<section class="x"><header>h</header><p>y</p></section>',
  "<custom-element><p>x</p></custom-element>",
  "<blockquote>quoted</blockquote>answer",
  "<hr>",
  "x<hr>y",
  '<p align=center style="margin:0">x</p>',
  "<p>if a <b then c</p>",
  "5 &lt; 6 &amp; 7",
  "caf&eacute; &#1058;&#x43E;&#1084;",
  "O&lsquo;zbekiston &hellip;",
];

describe("plain text", () => {
  it("has a corpus", () => expect(TEXTS.length).toBeGreaterThanOrEqual(40));

  it.each(TEXTS)("%j stays plain text", (body) => {
    expect(isHtml(body)).toBe(false);
  });

  it.each(["placeholder", "code", "xml-lead", "br-mentioned", "traceback"])("of the case %s", (name) => {
    expect(isHtml(caseText(`text-as-html-${name}.txt`))).toBe(false);
  });
});

describe("HTML", () => {
  it("has a corpus", () => expect(MARKUP.length).toBeGreaterThanOrEqual(40));

  it.each(MARKUP)("%j is HTML", (body) => {
    expect(isHtml(body)).toBe(true);
  });
});
