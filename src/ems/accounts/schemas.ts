import * as z from "zod/mini";
import { flag, headerText, uuid } from "../../lib/fields.ts";
import { CompanyResponse } from "../companies/schemas.ts";

export const AccountParam = z.object({ account_id: uuid });

/** `erase`: also deletes the account's mail, for good. Admins only. */
export const AccountDelete = z.object({ erase: z.optional(flag) });

const displayName = headerText(200);

export const AccountCreate = z.object({
  company_id: z.int(),
  email_address: z.email("must be an email address").check(z.maxLength(320, "at most 320 characters")),
  display_name: z.nullish(displayName),
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
});
export type AccountCreate = z.infer<typeof AccountCreate>;

const Status = z.enum(["active", "syncing", "disconnected"]);

export const AccountUpdate = z.object({ display_name: z.nullish(displayName), status: z.optional(Status) });
export type AccountUpdate = z.infer<typeof AccountUpdate>;

export const AccountResponse = z.object({
  id: z.uuid(),
  company_id: z.int(),
  email_address: z.string(),
  display_name: z.nullable(z.string()),
  provider: z.string(),
  status: Status,
  last_sync_at: z.nullable(z.iso.datetime()),
  created_at: z.iso.datetime(),
  company: z.nullable(CompanyResponse),
});
export type AccountResponse = z.infer<typeof AccountResponse>;

export const SyncResponse = z.object({
  account_id: z.uuid(),
  /** State of the history: never read, being read, complete, or given up after provider failures. */
  state: z.enum(["none", "running", "done", "failed"]),
  fetched: z.int(),
  estimated_total: z.nullable(z.int()),
  oldest_date: z.nullable(z.iso.datetime()),
  last_webhook_at: z.nullable(z.iso.datetime()),
  last_sweep_at: z.nullable(z.iso.datetime()),
  /** Seconds from the event that the last notification reports until it was applied. */
  lag_seconds: z.nullable(z.int()),
  /** Messages that sweeps have added or corrected. */
  repaired_count: z.int(),
  last_error: z.nullable(z.string()),
  disconnected_reason: z.nullable(z.string()),
});
export type SyncResponse = z.infer<typeof SyncResponse>;

export const AccountListResponse = z.array(AccountResponse);
