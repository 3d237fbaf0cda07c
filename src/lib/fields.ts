import * as z from "zod/mini";
import { lazy } from "./lazy.ts";

/** An id in a path or a query: any UUID version, in either case. Parsed to lower case. */
export const uuid = lazy(() => z.guid("must be a UUID").check(z.toLowerCase()));

/** A whole number in a path or a query, in decimal digits. Parsed to a number. */
export const wholeNumber = lazy(() =>
  z.pipe(z.string().check(z.regex(/^\d{1,15}$/, "must be a whole number")), z.transform(Number)),
);

/** `true` or `false` in a query. Parsed to a boolean. */
export const flag = lazy(() =>
  z.pipe(
    z.enum(["true", "false"], "must be true or false"),
    z.transform((value) => value === "true"),
  ),
);

/** RFC 3339 section 5.6. */
const DATE_TIME = /^(\d{4}-\d\d-(\d\d))T([01]\d|2[0-3]):\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$/;

/** False also for the 30th of February, which Date takes for a day in March. */
function isDateTime(text: string): boolean {
  const [, date, day] = DATE_TIME.exec(text) ?? [];
  return (
    Date.parse(text) < Number.POSITIVE_INFINITY && new Date(`${date}T00:00Z`).getUTCDate() === Number(day)
  );
}

/** A time with a zone. (z.iso.datetime would bring dates and durations along: 0.7 KB gzipped of the start.) */
export const dateTime = lazy(() =>
  z.stringFormat("date-time", isDateTime, "must be a time such as 2026-01-31T09:00:00Z"),
);

/**
 * A text that is safe in a mail header: a line break there would start another header.
 * @param max in UTF-16 units
 */
export const headerText = (max: number) =>
  z.string().check(
    z.maxLength(max, `at most ${max} characters`),
    z.regex(/^(\t|\P{Cc})*$/u, "must be one line without control characters"),
    z.refine((text) => text.isWellFormed(), "must be well-formed Unicode"),
  );
