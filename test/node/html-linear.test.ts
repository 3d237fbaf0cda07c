import { describe, expect, it } from "vitest";
import { filterDeclarations, filterSheet } from "../../src/lib/html/css.ts";
import { textToMail } from "../../src/lib/html/document.ts";
import { contentIdsIn, placeImages, sanitizeMail } from "../../src/lib/html/sanitize.ts";
import { expectLinear, PAIRS } from "./support/linear.ts";

const image = (address: string) => `https://x.example/${address}`;

const sanitize = (html: string) => sanitizeMail(html, true);

const TOKENS = [
  ..."<a <a<a </ </a <!- <!-- <!-->x --> --!> <! <? <style <style> </style <svg> </svg> <math> <template>".split(
    " ",
  ),
  ...[
    "<![CDATA[",
    "]]>",
    "<svg><![CDATA[",
    "<title>",
    "<textarea>",
    "<xmp>",
    "<iframe>",
    "<frameset><noframes>",
  ],
  ...[
    "<a href=x>",
    "<a href='#x'>",
    "<img>",
    "<img src=cid:a>",
    "<base href=//x.example>",
    "<body a=b>",
    "<a a=b ",
  ],
  ...[
    "<p style='a:b'>",
    "<style>a{b:c}</style>",
    "<a b='c\" ",
    "<a b=\"c' ",
    "&#x3c;",
    "&amp;",
    "&#",
    "&lt",
    "a=b ",
  ],
];

describe("sanitising takes linear time", () => {
  it.each([
    ["text", ["", ""], 1024],
    ["a tag", ["<a ", ">"], 256],
    ["an address", ["<a href='", "'>"], 256],
    ["a style", ["<p style='color:", "'>"], 128],
  ])("of every pair of marks in %s", async (_place, around, kib) => {
    for (const unit of PAIRS) await expectLinear(sanitize, unit, around, kib * 1024);
  });

  it("of every token, in text, in a tag, in a URL and in a base", async () => {
    for (const unit of TOKENS) {
      await expectLinear(sanitize, unit);
      await expectLinear(sanitize, unit, ["<a ", ">"]);
      await expectLinear(sanitize, unit, ['<img src="data:image/png;', '">']);
      await expectLinear(sanitize, unit, ["<base href='https://x.example/'><a href='", "'>"]);
    }
  });
});

describe("the filter of sheets takes linear time", () => {
  const filter = (css: string) => [filterSheet(css, "mail-", image), filterDeclarations(css, image)];
  const tokens = [
    "url(",
    "url(a)",
    "url( ",
    "/*",
    "*/",
    "@media a{",
    "@media(",
    "a{b:c}",
    "a{",
    "calc(",
    "@x;",
    "a,",
  ];

  it.each([
    ["a sheet", ["", ""]],
    ["a selector", ["a[class=", "{color:red}"]],
    ["a value", ["a{background:url(", ")}"]],
  ])("of every pair of marks in %s", async (_place, around) => {
    for (const unit of [
      ...PAIRS,
      ...tokens,
      "color:red;",
      "<!--",
      "-->",
      "a>",
      "[class=a]",
      ":not(",
      ":not(a)",
      "[id=a",
    ]) {
      await expectLinear(filter, unit, around, 64 * 1024);
    }
  });

  it("of declarations", async () => {
    for (const unit of [...tokens, "color:red;", "background:", "background:url(a);"]) {
      await expectLinear((css) => filterDeclarations(css, image), unit, ["background:", ""]);
    }
  });
});

describe("the rest", () => {
  it("takes linear time", async () => {
    const place = (html: string) => [contentIdsIn(html), placeImages(html, new Map()), textToMail(html)];
    for (const unit of [...PAIRS, "<img ", '<img src="cid:', '<img src="cid:a"', "<img src="]) {
      await expectLinear(place, unit, ["", ""], 256 * 1024);
    }
  });

  it("quadratic time would be found", async () => {
    const square = (text: string) => {
      let steps = 0;
      for (let at = 0; at < text.length; at += 64) for (let to = 0; to < at; to += 16) steps += to & 1;
      return steps;
    };
    await expect(expectLinear(square, "ab")).rejects.toThrow();
  });
});
