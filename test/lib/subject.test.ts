import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { baseSubject } from "../../src/lib/subject.ts";

describe("the base subject", () => {
  it.each([
    ["Deal", "deal"],
    ["Re: Deal", "deal"],
    ["RE: FW: Re: Deal", "deal"],
    ["Re[2]: Deal", "deal"],
    ["Re (3): Deal", "deal"],
    ["AW: WG: Deal", "deal"],
    ["SV: VS: Deal", "deal"],
    ["Отв: Re: Сделка", "сделка"],
    ["Javob: Bitim", "bitim"],
    ["回复：订单", "订单"],
    ["[list] Re: [list] Deal", "deal"],
    ["Re: [Fwd: Deal]", "deal"],
    ["Deal (fwd) (FWD)", "deal"],
    ["  Deal \t  of\r\n the year ", "deal of the year"],
    ["[only a list]", "[only a list]"],
    ["Re:", ""],
    ["Reply: Deal", "reply: deal"],
    ["Order: 5", "order: 5"],
  ])("of %j is %j", (subject, base) => {
    expect(baseSubject(subject)).toBe(base);
  });

  it("is idempotent for any text", () => {
    const piece = fc.constantFrom(
      "re",
      "Re:",
      "fwd",
      "[",
      "]",
      "(fwd)",
      ":",
      " ",
      "[fwd: ",
      "отв: ",
      "x",
      "(2)",
    );
    const subject = fc.oneof(
      fc.string(),
      fc.array(piece, { maxLength: 30 }).map((pieces) => pieces.join("")),
    );
    fc.assert(
      fc.property(subject, (text) => {
        expect(baseSubject(baseSubject(text))).toBe(baseSubject(text));
        expect(baseSubject(`Re: ${text}`)).toBe(baseSubject(text));
      }),
    );
  });
});
