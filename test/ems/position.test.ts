import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { formatPosition, parsePosition, positionAt, positionsIn } from "../../src/ems/events/position.ts";

const company = fc.integer({ min: -1000, max: Number.MAX_SAFE_INTEGER });
const id = fc.integer({ min: 0, max: 1e12 });
const entries = fc.uniqueArray(fc.tuple(company, id), { selector: ([name]) => name, maxLength: 40 });

describe("a position", () => {
  it("can be parsed again, and needs no escaping in a URL or a header", () => {
    fc.assert(
      fc.property(entries, (pairs) => {
        const position = new Map(pairs);
        const text = formatPosition(position);
        expect(parsePosition(text)).toEqual(position);
        expect(encodeURIComponent(text)).toBe(text);
      }),
    );
  });

  it("after events of one company has the others where they were", () => {
    fc.assert(
      fc.property(entries, company, fc.array(id, { minLength: 1 }), (pairs, own, ids) => {
        const position = new Map(pairs);
        const positionAfter = positionsIn(position, own);
        for (const each of ids)
          expect(parsePosition(positionAfter(each))).toEqual(new Map(position).set(own, each));
      }),
    );
  });

  it("is invalid with a changed, missing or additional character", () => {
    fc.assert(
      fc.property(entries, fc.nat(), fc.constantFrom(..."0az.~_-%"), (pairs, n, character) => {
        const text = formatPosition(new Map(pairs));
        const at = n % text.length;
        const spoilt = [
          text.slice(0, at) + character + text.slice(at + 1),
          text.slice(0, at) + text.slice(at + 1),
          text.slice(0, at) + character + text.slice(at),
        ];
        for (const other of spoilt.filter((one) => one !== text)) expect(parsePosition(other)).toBeNull();
      }),
    );
  });

  it("is short for a new client with any number of companies", () => {
    expect(formatPosition(positionAt([1], () => 1_000_000))).toMatch(/^lfls\.1~\w{1,7}$/);
    const many = Array.from({ length: 300 }, (_, n) => 10_000 + n);
    expect(formatPosition(positionAt(many, () => 1_000_000)).length).toBeLessThan(1600);
  });
});
