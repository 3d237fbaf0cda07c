import fc from "fast-check";
import { expect, it } from "vitest";
import { isoOf, isoOrNullOf, toIso } from "../../src/lib/time.ts";

const LAST = 253_402_300_799;

it("a stored time is formatted as a Date formats it, without the fraction", () => {
  const near = fc.integer({ min: 1_700_000_000, max: 1_700_400_000 });
  const any = fc.integer({ min: 0, max: LAST });
  fc.assert(
    fc.property(fc.array(fc.oneof(near, any), { minLength: 1 }), (times) => {
      const expected = times.map((time) => new Date(time * 1000).toISOString().replace(".000", ""));
      expect(times.map(toIso)).toEqual(expected);
    }),
  );
});

it.each([
  [-1, "1970-01-01T00:00:00Z"],
  [Number.NaN, "1970-01-01T00:00:00Z"],
  [1.9, "1970-01-01T00:00:01Z"],
  [LAST + 1, "9999-12-31T23:59:59Z"],
  [Number.POSITIVE_INFINITY, "9999-12-31T23:59:59Z"],
])("the bad time %d becomes %s", (time, text) => {
  expect(toIso(time)).toBe(text);
});

it("a time in milliseconds loses its fraction, and an absent one stays absent", () => {
  expect(isoOf(Date.UTC(2026, 0, 2, 3, 4, 5, 999))).toBe("2026-01-02T03:04:05Z");
  expect([isoOrNullOf(0), isoOrNullOf(null)]).toEqual(["1970-01-01T00:00:00Z", null]);
});
