import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { sanitizeMail } from "../../src/lib/html/sanitize.ts";
import { CONTEXTS, SHEET_CONTEXTS, VECTORS } from "../support/hostile.ts";
import { expectHarmless, expectSafeBody, expectSafeSheet } from "../support/html-audit.ts";

describe("dangerous markup is removed", () => {
  it("the corpus has its full size, without duplicates", () => {
    expect(new Set(VECTORS).size).toBe(VECTORS.length);
    expect(VECTORS.length * CONTEXTS.length).toBeGreaterThanOrEqual(4464);
    expect(CONTEXTS.length).toBe(18);
  });

  it.each(VECTORS)("%j", async (vector) => {
    await expectHarmless(...[...CONTEXTS, ...SHEET_CONTEXTS].map((context) => context(vector)));
  });

  const pieces = [
    ..."< > ' \" = / & ` \0 \n \x0c ; { } ( ) : @ , . # * \\ % !".split(" "),
    ...[
      "<!--",
      "-->",
      "--!>",
      "<style>",
      "</style>",
      "&amp;",
      "&#",
      "&quot;",
      ' style="',
      "url(",
      "/*",
      "*/",
    ],
    ...[
      " href=",
      " src=",
      " id=",
      " class=",
      "cid:",
      "<td ",
      "<a ",
      "<img ",
      "</",
      "<svg>",
      "</svg>",
      "<base href=",
      ":not(",
      "[id=",
    ],
    ...[
      "https://x.example/",
      "@media ",
      "p{color:red}",
      "background:",
      "#a",
      "<![CDATA[",
      "]]>",
      "<body ",
      "<template>",
    ],
  ];

  it("in any order of the pieces, and sanitising is idempotent", async () => {
    const tokens = VECTORS.flatMap((vector) => vector.split(/(?<=[>="' ;({])|(?=[<"'&}])/));
    const markup = fc
      .array(fc.constantFrom(...tokens, ...pieces), { maxLength: 30 })
      .map((all) => all.join(""));
    await fc.assert(
      fc.asyncProperty(markup, (html) => expectHarmless(html)),
      { numRuns: 1500 },
    );
  });

  it("in any order of the pieces of a sheet", async () => {
    const tokens = VECTORS.filter((vector) => vector.includes("style")).flatMap((vector) =>
      vector.replace(/<\/?style>/g, "").split(/(?<=[:"' ;({])|(?=[<"'}@])/),
    );
    const sheet = fc
      .array(fc.constantFrom(...tokens, ...pieces), { maxLength: 30 })
      .map((all) => `<style>${all.join("").replaceAll("</style", "")}</style>`);
    await fc.assert(
      fc.asyncProperty(sheet, (html) => expectHarmless(html)),
      { numRuns: 1500 },
    );
  });
});

describe("the audit", () => {
  it.each([
    '<p onclick="x">',
    "<script>",
    '<a href="javascript:x">',
    '<img src="https://x.example/">',
    '<p style="position:fixed">',
    '<p style="background:url(x)">',
    '<p id="x">',
    "<p><",
  ])("would find %s", async (body) => {
    await expect(expectSafeBody(body, "blocked")).rejects.toThrow();
  });

  it.each([
    "p{position:fixed}",
    "p{background:url('https://x.example/')}",
    "@import 'x';",
    "p{color:red",
    "p{color:red}<",
    "@font-face{color:red}",
    "a[href=x]{color:red}",
    "a:not([href=x]){color:red}",
  ])("would find %s in a sheet", (sheet) => {
    expect(() => expectSafeSheet(sheet, "blocked")).toThrow();
  });

  it("does not pass only because nothing is left", () => {
    const html = '<style>.a{color:red}</style><body text=red><p class="a" style="color:red">x</p>';
    expect(sanitizeMail(html, false)).toEqual({
      body: '<p class="a" style="color:red;">x</p>',
      sheet: ".a{color:red}",
      htmlAttributes: "",
      bodyAttributes: ' text="red" dir="auto"',
    });
  });
});
