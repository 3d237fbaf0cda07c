import { describe, expect, it } from "vitest";
import { contentPolicy, toDocument } from "../../src/lib/html/document.ts";
import { sanitizeMail } from "../../src/lib/html/sanitize.ts";
import { caseText } from "../support/case-text.ts";
import { expectHarmless } from "../support/html-audit.ts";

const show = (html: string, remoteImages = false) =>
  toDocument(sanitizeMail(html, remoteImages), contentPolicy([], remoteImages));
const body = (html: string, remoteImages = false) => sanitizeMail(html, remoteImages).body;

/** The visible text, without markup. */
const words = (html: string) =>
  body(html)
    .replace(/<[^>]*>/g, " ")
    .replace(/\s+/g, " ")
    .trim();

describe("real mail keeps", () => {
  it.each([
    ["html-anchors.html", 'href="about:srcdoc#mail-s1" target="_self">jump</a><h2 id="mail-s1">'],
    ["html-base-relative.html", 'href="https://shop.example/cart"'],
    ["html-body-text-colour.html", '<body bgcolor="#000000" text="#ffffff" dir="auto">night'],
    ["html-class-hidden.html", "<style>.m{display:none}</style>"],
    ["html-class-hidden.html", '<p class="m">mobile copy'],
    ["html-data-charset.html", '<img src="data:image/png;base64,iVBORw0KGgo=">'],
    ["html-data-percent.html", '<img src="data:image/png;base64,iVBO'],
    ["html-frameset.html", "no frames text"],
    ["html-hidden-attribute.html", "<div hidden>secret preheader"],
    ["html-object-fallback.html", "<p>Alternative text that every browser shows</p>"],
    ["html-object-unclosed.html", "<p>after the object</p>"],
    ["html-rtl-html.html", '<html dir="rtl" lang="ar">'],
    ["html-rtl-undeclared.html", '<body dir="auto">'],
    ["html-scheme-sms-webcal.html", 'href="sms:+998901112233"'],
    ["html-scheme-sms-webcal.html", 'href="webcal://x.example/a.ics"'],
    ["html-style-sheet.html", ".b{background:#0a7;color:#fff;padding:12px}"],
    ["html-style-sheet.html", "@media (max-width:600px){.c{width:100%}}"],
    ["html-style-sheet.html", '<table class="c"><tr><td class="b">'],
    ["html-video-fallback.html", "<p>Watch at https://v.example</p>"],
    ["html-www-link.html", 'href="https://www.example.org/x"'],
    ["html-css-background-image.html", "background-color:#123; color:#fff;"],
  ])("%s: %s", async (name, part) => {
    expect(show(caseText(name))).toContain(part);
    await expectHarmless(caseText(name));
  });

  it("an image in a style, with images=1 only", () => {
    const html = caseText("html-css-background-image.html");
    expect(show(html)).not.toContain("cdn.example");
    expect(show(html, true)).toContain("background-image:url('https://cdn.example/hero.png')");
  });

  it("no script as text", () => {
    expect(words(caseText("html-script-selfclosed.html"))).toBe("x");
  });
});

describe("what a browser shows is shown", () => {
  it.each([
    ["<svg><text>drawn</text><p>after", "after"],
    ["<svg/>after", "after"],
    ["<svg><title>t</title></svg>after", "after"],
    ["<math><mi>x<table><tr><td>after", "after"],
    ["<audio>old</audio> <canvas>fallback</canvas>", "old fallback"],
    ["<iframe>none</iframe>after", "after"],
    ["<noembed>none</noembed>after", "after"],
    ["<noscript>shown</noscript>", "shown"],
    ["<template>none<template>none</template>none</template>after", "after"],
    ["a<!-- x --!>b<!-->c<!--->d", "abcd"],
    ["a<!--[if mso]>none<![endif]-->b<![if !mso]>c<![endif]>", "abc"],
    ["<style/>p{}</style>after", "after"],
    ["<textarea><p>text</textarea>", "&lt;p&gt;text"],
    ["<plaintext><p>&amp;", "&lt;p&gt;&amp;amp;"],
    ["5 < 6 & 7 > 3 <3", "5 &lt; 6 & 7 &gt; 3 &lt;3"],
    ["<p title='a > b'>x", "x"],
  ])("%j", (html, text) => {
    expect(words(html)).toBe(text);
  });
});

describe("an image that is not loaded", () => {
  const dot = /src="data:image\/gif;base64,R/;
  const unreadable = /src="data:image\/gif;base64,"/;

  it.each([
    ['width=600 height=20 alt=""', dot],
    ["width=1 height=1", dot],
    ['width=600 height=200 alt="A field"', unreadable],
    ['width=600 height=auto alt=""', unreadable],
    ["width=600", unreadable],
  ])("with %s", async (attributes, source) => {
    const html = `<img src=https://x.example/a.png ${attributes}>`;
    expect(body(html)).toMatch(source);
    expect(body(html, true)).toContain('src="https://x.example/a.png"');
    await expectHarmless(html);
  });
});

describe("the document", () => {
  it("has the margins of the mail's body", () => {
    expect(show('<body leftmargin="0" topmargin="5" marginheight="5">x')).toContain(
      '<body leftmargin="0" topmargin="5" marginheight="5" dir="auto">x',
    );
  });
});

describe("a link", () => {
  it.each([
    ["&#104;ttps://x.example/?a=1&amp;b=2", 'href="https://x.example/?a=1&amp;b=2"'],
    ["tg://resolve?domain=x", 'href="tg://resolve?domain=x"'],
    ["viber://chat", 'href="viber://chat"'],
    ["geo:41.3,69.2", 'href="geo:41.3,69.2"'],
    ["//x.example/a", 'href="https://x.example/a"'],
    ["domain.example", 'href="https://domain.example"'],
    ["index.html", 'title="index.html"'],
    ["ms-word:ofe|u|x", 'title="ms-word:ofe|u|x"'],
    ["file://server/a b", 'title="file://server/a b"'],
  ])("to %s has %s", (href, attribute) => {
    expect(body(`<a href="${href}">x</a>`)).toContain(attribute);
  });

  it.each(["javascript:x", "java&#10;script:x", "data:text/html,x", "vbscript:x", "#", ""])(
    "to %j is nothing but its words",
    (href) => {
      expect(body(`<a href="${href}">x</a>`)).toBe("<a>x</a>");
    },
  );
});

describe("a style sheet", () => {
  const sheet = (css: string, remoteImages = false) =>
    sanitizeMail(`<style>${css}</style>`, remoteImages).sheet;

  it.each([
    ["@import 'x';.a{color:red}", ".a{color:red}"],
    ["@font-face{src:url(x)}.a{color:red}", ".a{color:red}"],
    ["<!-- .a{color:red} -->", ".a{color:red}"],
    ["/* x */.a{color:/**/red!important}", ".a{color:red!important}"],
    ["#a .b>c,#a+b{width:50%}", "#mail-a .b>c,#mail-a+b{width:50%}"],
    [".a,[data-x] .b,.c:hover{color:red}", ".a,.c:hover{color:red}"],
    ["a[href*=x]{color:red}", ""],
    ["p:not(.b):not( [class*=c] ) i{color:red}", "p:not(.b):not([class*=c]) i{color:red}"],
    ["a:not([href^=x]),p:not(b i),p:not(),p:not(:not(b)){color:red}", ""],
    ["[id=a],[id^='b'],p:not(#c){color:red}", "[id=mail-a],[id^='mail-b'],p:not(#mail-c){color:red}"],
    [".a{color:red}}.b{color:red}.c{color:red}", ".a{color:red}\n.c{color:red}"],
    [".a{position:fixed;color:red}", ".a{color:red}"],
    [".a{background:#123 url(https://x.example/a.png)}", ".a{background:#123}"],
    [
      "@media (prefers-color-scheme:dark){.a{color:red}}",
      "@media (prefers-color-scheme:dark){.a{color:red}}",
    ],
    ["@supports (x:y){.a{color:red}}.b{color:red}", ".b{color:red}"],
  ])("%s is %s", (css, expected) => {
    expect(sheet(css)).toBe(expected);
  });

  it("has its images with images=1, over TLS", () => {
    expect(sheet(".a{background:url(http://x.example/a.png)}", true)).toBe(
      ".a{background:url('https://x.example/a.png')}",
    );
  });

  it("above 262,144 characters in total is left out", () => {
    const long = `.b{color:red}${" ".repeat(262_000)}`;
    expect(sanitizeMail(`<style>${long}</style><style>${long}</style>`, false).sheet).toBe(".b{color:red}");
  });
});
