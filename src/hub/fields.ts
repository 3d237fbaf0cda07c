import * as z from "zod/mini";
import { lazy } from "../lib/lazy.ts";

// Fields of a body. A form has only texts, so each takes a text beside its own type.

/** A text of at least one character, without blanks around it. @param max in UTF-16 units */
export const text = (max: number, min = 1) =>
  z.pipe(
    z.pipe(
      z.string("Not a valid string."),
      z.transform((value) => value.trim()),
    ),
    z.string().check(
      z.minLength(
        min,
        min === 1 ? "This field may not be blank." : `Ensure this field has at least ${min} characters.`,
      ),
      z.maxLength(max, `Ensure this field has no more than ${max} characters.`),
      z.refine((value) => value.isWellFormed() && !value.includes("\0"), "Null characters are not allowed."),
    ),
  );

/** A text that may be empty. */
export const emptyText = (max: number) => text(max, 0);

/** What removes a value: null, or the empty text of a form. */
export const nothing = lazy(() =>
  z.pipe(
    z.literal([null, ""]),
    z.transform(() => null),
  ),
);

/** A password: blanks count. */
export const password = lazy(() =>
  z
    .string("Not a valid string.")
    .check(
      z.minLength(8, "Ensure this field has at least 8 characters."),
      z.maxLength(128, "Ensure this field has no more than 128 characters."),
    ),
);

/** An e-mail address, in ASCII, without blanks around it. */
export const email = lazy(() =>
  z.pipe(
    z.pipe(
      z.string("Not a valid string."),
      z.transform((value) => value.trim()),
    ),
    z
      .string()
      .check(
        z.maxLength(254, "Ensure this field has no more than 254 characters."),
        z.regex(
          /^[\w!#$%&'*+/=?^`{|}~.-]{1,64}@([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,63}$/i,
          "Enter a valid email address.",
        ),
      ),
  ),
);

const TRUE = new Set<unknown>([true, 1, "true", "True", "1", "on"]);
const FALSE = new Set<unknown>([false, 0, "false", "False", "0", "off"]);

/** True or false. */
export const flag = lazy(() =>
  z.pipe(
    z.unknown().check(z.refine((value) => TRUE.has(value) || FALSE.has(value), "Must be a valid boolean.")),
    z.transform((value) => TRUE.has(value)),
  ),
);

const isId = (value: unknown): boolean => /^\d{1,15}$/.test(String(value)) && typeof value !== "object";

/** The id of a user, or of another row with a number. */
export const id = lazy(() =>
  z.pipe(z.unknown().check(z.refine(isId, "A valid integer is required.")), z.transform(Number)),
);

/** The rule of a UUID in a path: nothing else may be taken for one. */
export const UUID = String.raw`[\da-fA-F]{8}-[\da-fA-F]{4}-[\da-fA-F]{4}-[\da-fA-F]{4}-[\da-fA-F]{12}`;

/** A UUID, in either case. Parsed to lower case. */
export const uuid = lazy(() => z.guid("Must be a valid UUID.").check(z.toLowerCase()));

/** Ids as a list, as `2,3`, as `[2,3]`, or as a field that occurs several times. */
export const ids = (most: number) =>
  z.pipe(
    z.pipe(
      z.unknown(),
      z.transform((value) =>
        [value].flat().flatMap((each) =>
          typeof each === "string"
            ? each
                .replace(/^\s*\[|\]\s*$/g, "")
                .split(",")
                .map((one) => one.trim())
                .filter(Boolean)
            : [each],
        ),
      ),
    ),
    z.array(id()).check(z.maxLength(most, `Ensure this field has no more than ${most} elements.`)),
  );
