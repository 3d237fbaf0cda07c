import * as z from "zod/mini";
import { flag, headerText, uuid } from "../../lib/fields.ts";
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
