import { expect, it } from "vitest";
import * as z from "zod/mini";
import { dateTime } from "../../src/lib/fields.ts";

it.each([
  ["2026-01-31T09:00:00Z", true],
  ["2026-01-31T09:00:00.123456Z", true],
  ["2026-01-31T09:00:00+05:00", true],
  ["2026-01-31T09:00:00-23:59", true],
  ["2028-02-29T00:00:00Z", true],
  ["0000-01-01T00:00:00Z", true],
  ["9999-12-31T23:59:59Z", true],
  ["2026-02-29T00:00:00Z", false],
  ["2100-02-29T00:00:00Z", false],
  ["2026-04-31T00:00:00Z", false],
  ["2026-01-00T00:00:00Z", false],
  ["2026-00-10T00:00:00Z", false],
  ["2026-13-01T00:00:00Z", false],
  ["2026-01-31T24:00:00Z", false],
  ["2026-01-31T23:60:00Z", false],
  ["2026-01-31T23:59:60Z", false],
  ["2026-01-31T09:00:00+24:00", false],
  ["2026-01-31T09:00:00+0500", false],
  ["2026-01-31T09:00Z", false],
  ["2026-01-31T09:00:00", false],
  ["2026-01-31t09:00:00z", false],
  ["2026-01-31 09:00:00Z", false],
  ["2026-01-31T09:00:00Z\n", false],
  ["2026-01-31", false],
  ["", false],
])("a time as %j: %s, as for zod's own schema", (text, isGood) => {
  expect(dateTime().safeParse(text).success).toBe(isGood);
  expect(z.iso.datetime({ offset: true }).safeParse(text).success).toBe(isGood);
});
