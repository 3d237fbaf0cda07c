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
