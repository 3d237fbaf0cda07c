import { describe, expect, it } from "vitest";
import {
  isAttribution,
  isForwarded,
  isMessageHead,
  isOriginalMark,
} from "../../../web/src/thread/attribution.ts";
import { linkify } from "../../../web/src/thread/links.ts";
import { hasRemoteImages } from "../../../web/src/thread/remote-images.ts";
import { splitText } from "../../../web/src/thread/split-text.ts";
import { expectLinear, MIB, PAIRS } from "../support/linear.ts";

// What the web inbox does with a stranger's text. A mail that takes minutes would freeze the page.

const READERS: [name: string, read: (text: string) => unknown][] = [
  ["linkify", linkify],
  ["linkify, in an address", (text) => linkify(`https://x.example/${text} and ali@${text}`)],
  ["splitText", splitText],
  ["splitText, above a quote", (text) => splitText(`${text}\n-----Original Message-----\n> old`)],
  ["splitText, in a quote", (text) => splitText(`Answer\n\nAli wrote:\n${text.replace(/^/gm, "> ")}`)],
  ["hasRemoteImages", hasRemoteImages],
  ["isAttribution", isAttribution],
  ["isForwarded", isForwarded],
  ["isMessageHead", (text) => isMessageHead(`From: ${text}`)],
  ["isOriginalMark", isOriginalMark],
];
const UNITS = [
  ...PAIRS,
  "<td",
  "<img ",
  "url(",
  "http://",
  "a@b.",
  "wrote",
  "From: ",
  "- ",
  "_\n",
  "- \n",
  "))",
  "> \n",
];

describe.each(READERS)("%s takes time in proportion to the text", (_, read) => {
  it("whatever the text repeats", async () => {
    for (const unit of UNITS) await expectLinear(read, unit, ["", ""], MIB / 16);
  });
});

describe("linkify", () => {
  const linksIn = (text: string) =>
    linkify(text).flatMap((piece) => (typeof piece === "string" ? [] : [[piece.text, piece.href]]));

  it.each([
    ["See https://x.example/a?b=1&c=2.", "https://x.example/a?b=1&c=2", "https://x.example/a?b=1&c=2"],
    ["(www.x.example)", "www.x.example", "https://www.x.example"],
    ["https://x.example/a_(b), or", "https://x.example/a_(b)", "https://x.example/a_(b)"],
    ["<https://x.example/>", "https://x.example/", "https://x.example/"],
    ["«https://x.example/»", "https://x.example/", "https://x.example/"],
    ["write to ali@x.example!", "ali@x.example", "mailto:ali@x.example"],
  ])("finds the address in %s", (text, shown, href) => {
    expect(linksIn(text)).toEqual([[shown, href]]);
    expect(
      linkify(text)
        .map((piece) => (typeof piece === "string" ? piece : piece.text))
        .join(""),
    ).toBe(text);
  });

  it("finds none where there is none", () => {
    expect(linksIn("javascript:alert(1) 12:30 a.b @x user@ www. data:text/html,x")).toEqual([]);
  });
});
