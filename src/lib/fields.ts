import * as z from "zod/mini";

/** An id in a path or a query: any version of UUID, either case in, lower case out. */
export const uuid = z.guid("must be a UUID").check(z.toLowerCase());

/** A whole number in a path or a query, in decimal digits. */
export const wholeNumber = z.pipe(
  z.string().check(z.regex(/^\d{1,15}$/, "must be a whole number")),
  z.transform(Number),
);

/** Yes or no in a query. */
export const flag = z.pipe(
  z.enum(["true", "false"], "must be true or false"),
  z.transform((value) => value === "true"),
);

/** A text of one line, as it may stand in a mail's header: a line break there would begin another header. */
export const headerText = (max: number) =>
  z.string().check(
    z.maxLength(max, `at most ${max} characters`),
    z.regex(/^(\t|\P{Cc})*$/u, "must be one line without control characters"),
    z.refine((text) => text.isWellFormed(), "must be well-formed Unicode"),
  );
