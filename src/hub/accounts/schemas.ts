import * as z from "zod/mini";
import { type Infer, lazy } from "../../lib/lazy.ts";
import { email, emptyText, flag, id, nothing, password, text } from "../fields.ts";
import { storedFile } from "../media/fields.ts";

const MAX_NAME = 150;
const MAX_BIO = 500;

/** What may be chosen as username. */
export const USERNAME = /^[A-Za-z0-9_.]{3,32}$/;
/** E.164: up to 15 digits. */
const PHONE = /^\+?[1-9]\d{6,14}$/;
const BETWEEN_DIGITS = /[\s().-]/g;

const username = lazy(() =>
  text(32, 3).check(
    z.regex(USERNAME, "Enter a valid username: 3 to 32 letters of a-z, digits, underscores and dots."),
  ),
);

/** Parsed without what people put between digits; nothing clears it. */
const phone = lazy(() =>
  z.union(
    [
      nothing(),
      z.pipe(
        z.pipe(
          z.string(),
          z.transform((value) => value.replace(BETWEEN_DIGITS, "")),
        ),
        z.string().check(z.regex(PHONE)),
      ),
    ],
    "Enter a valid phone number.",
  ),
);

/** Nothing removes it. */
const picture = lazy(() =>
  z.union(
    [nothing(), storedFile()],
    "The submitted data was not a file. Check the encoding type on the form.",
  ),
);

export const ProfileUpdate = lazy(() =>
  z.object({
    first_name: z.optional(emptyText(MAX_NAME)),
    last_name: z.optional(emptyText(MAX_NAME)),
    username: z.optional(username()),
    bio: z.optional(emptyText(MAX_BIO)),
    profile_picture: z.optional(picture()),
    phone: z.optional(phone()),
    is_private: z.optional(flag()),
    password: z.optional(password()),
  }),
);
export type ProfileUpdate = Infer<typeof ProfileUpdate>;

export const UsernameQuery = lazy(() => z.object({ username: z.optional(z.string()) }));

/** Of today: it may be older than the rules for a new one. Left out by somebody who signs in by Google alone. */
const currentPassword = lazy(() =>
  z.optional(
    z
      .string("Not a valid string.")
      .check(z.maxLength(1000, "Ensure this field has no more than 1000 characters.")),
  ),
);

export const EmailChange = lazy(() => z.object({ new_email: email(), password: currentPassword() }));
export type EmailChange = Infer<typeof EmailChange>;

export const Deletion = lazy(() => z.object({ password: currentPassword() }));
export type Deletion = Infer<typeof Deletion>;

/** A code that is sent as a number has lost its zeros. */
export const Confirmation = lazy(() =>
  z.object({
    code: z.pipe(
      z.pipe(
        z.union([z.string(), z.int()], "Not a valid string."),
        z.transform((value) => (typeof value === "number" ? String(value).padStart(5, "0") : value.trim())),
      ),
      z.string().check(z.regex(/^\d{5}$/, "Enter the five digits of the code.")),
    ),
  }),
);
export type Confirmation = Infer<typeof Confirmation>;

export const UserParam = lazy(() => z.object({ pk: id() }));
