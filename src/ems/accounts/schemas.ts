import * as z from "zod/mini";
import { flag, headerText, uuid, wholeNumber } from "../../lib/fields.ts";
import { type Infer, lazy } from "../../lib/lazy.ts";

export const AccountParam = lazy(() => z.object({ account_id: uuid() }));

/** `erase`: also deletes the account's mail, for good. Admins only. */
export const AccountDelete = lazy(() => z.object({ erase: z.optional(flag()) }));

const displayName = lazy(() => z.nullish(headerText(200)));

export const AccountCreate = lazy(() =>
  z.object({
    company_id: z.int(),
    email_address: z.email("must be an email address").check(z.maxLength(320, "at most 320 characters")),
    display_name: displayName(),
    provider: z._default(headerText(50).check(z.minLength(1, "must not be empty")), "godaddy"),
    /** Security: it becomes part of provider URLs. */
    grant_id: z.nullish(
      z
        .string()
        .check(
          z.maxLength(200, "at most 200 characters"),
          z.minLength(1, "must not be empty"),
          z.regex(/^[\w-]*$/, "must be letters, digits, - and _"),
        ),
    ),
  }),
);
export type AccountCreate = Infer<typeof AccountCreate>;

export const Status = lazy(() => z.enum(["active", "syncing", "disconnected"]));

export const AccountUpdate = lazy(() =>
  z.object({ display_name: displayName(), status: z.optional(Status()) }),
);
export type AccountUpdate = Infer<typeof AccountUpdate>;

const text = (max: number) =>
  z.string().check(z.minLength(1, "must not be empty"), z.maxLength(max, `at most ${max} characters`));

export const ConnectQuery = lazy(() =>
  z.object({
    company_id: wholeNumber(),
    provider: z.optional(z.enum(["google", "microsoft", "icloud", "yahoo", "imap", "ews"])),
    return_to: text(2000),
  }),
);
export type ConnectQuery = Infer<typeof ConnectQuery>;

const state = lazy(() => z.string().check(z.regex(/^[0-9a-f]{64}$/, "must be 64 hexadecimal digits")));

/** How a browser comes back: without a code, access was denied. */
export const ConnectReturn = lazy(() => z.object({ state: state(), code: z.optional(text(2000)) }));
export type ConnectReturn = Infer<typeof ConnectReturn>;

export const ConnectFinish = lazy(() => z.object({ state: state(), code: text(2000) }));
export type ConnectFinish = Infer<typeof ConnectFinish>;
