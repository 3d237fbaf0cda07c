import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { fold } from "../../src/hub/people/folding.ts";
import { MAX_LENGTH, wordsOf } from "../../src/hub/people/words.ts";

/** Sounds of Uzbek, each in the spellings that people use. */
const SOUNDS = [
  ["o", "o'", "oʻ", "o‘", "o’", "o`", "ў", "Ў", "у\u0306", "õ", "О"],
  ["g", "g'", "gʻ", "Ғ", "ғ", "г", "ğ"],
  ["sh", "SH", "ш", "Щ", "ş", "s\u0327"],
  ["ch", "Ch", "ч", "Ч", "ç"],
  ["h", "x", "X", "х", "ҳ", "Ҳ"],
  ["ya", "я", "Я"],
  ["yu", "ю"],
  ["yo", "ё", "е\u0308"],
  ["ts", "ц"],
  ["e", "ye", "е", "Э", "é"],
  ["q", "қ", "Қ"],
  ["a", "á", "а", "Å", "ａ"],
  ["z", "з"],
  ["d", "д"],
  ["m", "м", "ъм", "mь"],
];

const spellings = fc
  .array(
    fc.constantFrom(...SOUNDS).chain((ways) => fc.tuple(fc.constantFrom(...ways), fc.constantFrom(...ways))),
    { minLength: 1, maxLength: 12 },
  )
  .map((sounds) => [sounds.map(([one]) => one).join(""), sounds.map(([, other]) => other).join("")] as const);

/** Of any characters up to U+FFFF: fast-check's own texts of all characters take seconds to begin. */
const anyText = fc.array(fc.nat(0xffff), { maxLength: 12 }).map((codes) => String.fromCharCode(...codes));

describe("folding", () => {
  it.each([
    ["Шаҳзод", "SHAXZOD"],
    ["Шаҳзод", "shahzod"],
    ["Ўткир", "O'tkir"],
    ["Ўткир", "oʻtkir"],
    ["Ғайрат", "G’ayrat"],
    ["Умумиев", "Umumiyev"],
    ["Евгений", "Yevgeniy"],
    ["Юсуф", "Yusuf"],
    ["Маъмура", "Ma'mura"],
    ["Ёдгор", "YODGOR"],
    ["José", "jose"],
    ["İsmoil", "ismoil"],
  ])("%s is %s", (one, other) => {
    expect(fold(one)).toBe(fold(other));
  });

  it("two spellings of the same sounds are the same", () => {
    fc.assert(
      fc.property(spellings, ([one, other]) => {
        expect(fold(one)).toBe(fold(other));
      }),
    );
  });

  it("a folded text stays as it is", () => {
    fc.assert(
      fc.property(anyText, (text) => {
        expect(fold(fold(text))).toBe(fold(text));
      }),
    );
  });

  it("blanks, punctuation and marks alone are nothing", () => {
    for (const text of ["", "  ", "'", "ʻ’", "_", "\u0301", "-.-"]) expect(fold(text)).toBe("");
  });
});

describe("the words of a person", () => {
  it("each word of a name begins a row", () => {
    expect(wordsOf({ username: "john_smith", first_name: "Шаҳзод", last_name: "G'aniyev" }).sort()).toEqual([
      "ganiev shahzod",
      "john smith",
      "johnsmith",
      "shahzod ganiev",
      "smith john",
    ]);
  });

  it("a row that begins another is left out", () => {
    expect(wordsOf({ username: "john", first_name: "John", last_name: "" })).toEqual(["john"]);
    expect(wordsOf({ username: "johnny", first_name: "John", last_name: "" })).toEqual(["johnny"]);
  });

  it("nobody without a name has a row, and no row is long", () => {
    expect(wordsOf({ username: null, first_name: "", last_name: " " })).toEqual([]);
    const rows = wordsOf({ username: null, first_name: "a".repeat(150), last_name: "b c d e f g h" });
    expect(rows.length).toBeLessThanOrEqual(6);
    for (const row of rows) expect(row.length).toBeLessThanOrEqual(MAX_LENGTH);
  });
});
