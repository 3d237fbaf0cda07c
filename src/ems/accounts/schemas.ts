import * as z from "zod";
import { line, uuid } from "../../lib/validation.ts";
import { CompanyResponse } from "../companies/schemas.ts";

export const AccountParam = z.object({ account_id: uuid });

const displayName = line(200);

export const AccountCreate = z.object({
  company_id: z.int(),
  email_address: z.email("must be an email address").max(320, "at most 320 characters"),
  display_name: displayName.nullish(),
  provider: line(50).min(1, "must not be empty").default("godaddy"),
  grant_id: line(200).min(1, "must not be empty").nullish(),
});
export type AccountCreate = z.infer<typeof AccountCreate>;

const Status = z.enum(["active", "syncing", "disconnected"]);

export const AccountUpdate = z.object({ display_name: displayName.nullish(), status: Status.optional() });
export type AccountUpdate = z.infer<typeof AccountUpdate>;

export const AccountResponse = z.object({
  id: z.uuid(),
  company_id: z.int(),
  email_address: z.string(),
  display_name: z.string().nullable(),
  provider: z.string(),
  status: Status,
  last_sync_at: z.iso.datetime().nullable(),
  created_at: z.iso.datetime(),
  company: CompanyResponse.nullable(),
});
export type AccountResponse = z.infer<typeof AccountResponse>;

export const SyncResponse = z.object({
  account_id: z.uuid(),
  /** Of the history: none was asked for, it is being read, it is read, or the provider kept failing. */
  state: z.enum(["none", "running", "done", "failed"]),
  fetched: z.int(),
  estimated_total: z.int().nullable(),
  oldest_date: z.iso.datetime().nullable(),
  last_webhook_at: z.iso.datetime().nullable(),
  last_sweep_at: z.iso.datetime().nullable(),
  /** From when the last notification says that it happened until it was applied. */
  lag_seconds: z.int().nullable(),
  /** How many messages sweeps have added or corrected. */
  repaired_count: z.int(),
  last_error: z.string().nullable(),
  disconnected_reason: z.string().nullable(),
});
export type SyncResponse = z.infer<typeof SyncResponse>;

export const AccountListResponse = z.array(AccountResponse);
