import * as z from "zod/mini";
import { CompanyResponse } from "../companies/responses.ts";
import { Status } from "./schemas.ts";

export const AccountResponse = z.object({
  id: z.uuid(),
  company_id: z.int(),
  email_address: z.string(),
  display_name: z.nullable(z.string()),
  provider: z.string(),
  status: Status(),
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

/** The page on which the mailbox's owner signs in, and for how many seconds the way back from it is open. */
export const ConnectResponse = z.object({ url: z.url(), expires_in: z.int() });
export type ConnectResponse = z.infer<typeof ConnectResponse>;

export const AccountListResponse = z.array(AccountResponse);
