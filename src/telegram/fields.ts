import * as z from "zod/mini";
import { notAChoice } from "../lib/field-errors.ts";
import { wholeNumber } from "../lib/fields.ts";
import { lazy } from "../lib/lazy.ts";

// Fields of a body, in the words of Django REST framework. A form has only texts, so each takes a text beside its own type.

/** The text of a text or a number: Django REST framework takes either. */
const textOf = lazy(() =>
  z.pipe(
    z.unknown().check(z.refine((value) => /^(string|number)$/.test(typeof value), "Not a valid string.")),
    z.transform(String),
  ),
);

const safe = (text: string): boolean => text.isWellFormed() && !text.includes("\0");

/** A text without blanks around it, of at least one character. @param max in UTF-16 units */
export const text = (max: number) =>
  z.pipe(
    z.pipe(
      textOf(),
      z.transform((value) => value.trim()),
    ),
    z
      .string()
      .check(
        z.minLength(1, "This field may not be blank."),
        z.maxLength(max, `Ensure this field has no more than ${max} characters.`),
        z.refine(safe, "Null characters are not allowed."),
      ),
  );

/** A text that is kept as it is, with its blanks. It may be empty. @param max in UTF-16 units */
export const rawText = (max: number) =>
  z.pipe(
    textOf(),
    z
      .string()
      .check(
        z.maxLength(max, `Ensure this field has no more than ${max} characters.`),
        z.refine(safe, "Null characters are not allowed."),
      ),
  );

/** A password: blanks count. */
export const password = lazy(() => {
  const schema = rawText(256);
  return z.pipe(schema, z.string().check(z.minLength(1, "This field may not be blank.")));
});

/**
 * A phone number in digits with its country, with or without a plus, blanks, hyphens and brackets.
 * @returns null for anything else, such as a number with a sign or a fraction
 */
export function readPhone(value: string): number | null {
  const digits = /^\+?\s*(\(?\d[\d\s()-]*)$/.exec(value.trim())?.[1]?.replace(/\D/g, "") ?? "";
  return /^[1-9]\d{6,14}$/.test(digits) ? Number(digits) : null;
}

/** A phone number, as a text or a number. Parsed to a number, or to null for what is no phone number. */
export const phone = lazy(() => z.pipe(text(64), z.transform(readPhone)));

/** A whole number. */
export const integer = lazy(() =>
  z.pipe(
    z.unknown().check(z.refine((value) => isInteger(value), "A valid integer is required.")),
    z.transform(Number),
  ),
);

const isInteger = (value: unknown): boolean =>
  (typeof value === "number" || typeof value === "string") && /^\s*-?\d{1,15}\s*$/.test(String(value));

const MAX_PAGE = 100;

/** How many items of a list are asked for. @param usual how many, unless a query says it */
export const pageSize = (usual: number) =>
  z._default(
    z.pipe(
      wholeNumber(),
      z
        .number()
        .check(
          z.minimum(1, "Ensure this value is greater than or equal to 1."),
          z.maximum(MAX_PAGE, `Ensure this value is less than or equal to ${MAX_PAGE}.`),
        ),
    ),
    usual,
  );

/** One of some whole numbers. */
export const choice = (...numbers: number[]) =>
  z.pipe(
    z.unknown().check(
      z.refine((value) => isInteger(value) && numbers.includes(Number(value)), {
        error: ({ input }) => notAChoice(input),
      }),
    ),
    z.transform(Number),
  );

/** Whole numbers as a list, or as a field of a form that occurs several times. */
export const integers = (most: number) =>
  z.pipe(
    z.pipe(
      z.unknown().check(
        z.refine((value) => Array.isArray(value) || isInteger(value), {
          error: ({ input }) => `Expected a list of items but got type "${typeName(input)}".`,
        }),
      ),
      z.transform((value) => [value].flat()),
    ),
    z.array(integer()).check(z.maxLength(most, `Ensure this field has no more than ${most} elements.`)),
  );

const isDay = (text: string): boolean => {
  const time = Date.parse(`${text}T00:00:00Z`);
  return /^\d{4}-\d\d-\d\d$/.test(text) && time >= 0 && new Date(time).toISOString().startsWith(text);
};

/** A day as YYYY-MM-DD. */
export const day = lazy(() => {
  const message = "Date has wrong format. Use one of these formats instead: YYYY-MM-DD.";
  return z.string(message).check(z.refine(isDay, message));
});

/** `[DD] [HH:[MM:]]ss[.uuuuuu]`, as Django parses it. */
const DURATION =
  /^(?:(\d{1,6}) (?:days?, )?)?(?:(?:(\d{1,6}):)(?=\d+:\d+))?(?:(\d{1,6}):)?(\d{1,9})(?:[.,]\d{1,12})?$/;

/** A length of time such as 00:30:00. Parsed to whole seconds; a fraction is dropped. */
export const duration = lazy(() => {
  const message = "Duration has wrong format. Use one of these formats instead: [DD] [HH:[MM:]]ss[.uuuuuu].";
  return z.pipe(
    z
      .unknown()
      .check(z.refine((value) => typeof value !== "object" && DURATION.test(String(value)), message)),
    z.transform((value) => {
      const [, days = 0, hours = 0, minutes = 0, seconds = 0] = DURATION.exec(String(value)) ?? [];
      return Number(days) * 86_400 + Number(hours) * 3600 + Number(minutes) * 60 + Number(seconds);
    }),
  );
});

/** What Python calls the type of a JSON value. */
export function typeName(value: unknown): string {
  if (value === null) return "NoneType";
  if (Array.isArray(value)) return "list";
  const names: Record<string, string> = { string: "str", boolean: "bool", object: "dict" };
  return names[typeof value] ?? (Number.isInteger(value) ? "int" : "float");
}
