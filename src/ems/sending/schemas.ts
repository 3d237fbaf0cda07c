import * as z from "zod/mini";
import { uuid } from "../../platform/validation.ts";
import { cursorQuery } from "../lists/pagination.ts";

export const OutboxParam = z.object({ outbox_id: uuid });

const OutboxState = z.enum(["queued", "sending", "sent", "failed", "unknown", "cancelled"]);
export type OutboxState = z.infer<typeof OutboxState>;

export const OutboxQuery = z.object(cursorQuery);
export type OutboxQuery = z.infer<typeof OutboxQuery>;

export const OutboxResponse = z.object({
  id: z.uuid(),
  state: OutboxState,
  company_id: z.int(),
  email_account_id: z.uuid(),
  /** Who sends it. */
  user_id: z.int(),
  subject: z.string(),
  to: z.array(z.object({ name: z.nullable(z.string()), email: z.string() })),
  /** The thread that it answers in. */
  thread_id: z.nullable(z.uuid()),
  /** What it has become, once it is sent. */
  message_id: z.nullable(z.uuid()),
  /** It leaves then, and can be cancelled until it does. */
  send_at: z.iso.datetime(),
  attempts: z.int(),
  /** Why it failed, or what is not known. */
  detail: z.nullable(z.string()),
  created_at: z.iso.datetime(),
  updated_at: z.iso.datetime(),
});
export type OutboxResponse = z.infer<typeof OutboxResponse>;

const Addresses = z.array(z.object({ name: z.nullable(z.string()), email: z.string() }));

/** An entry with what was written, as long as it has not been sent. */
export const OutboxDetailResponse = z.extend(OutboxResponse, {
  mail: z.nullable(
    z.object({
      to: Addresses,
      cc: Addresses,
      bcc: Addresses,
      subject: z.string(),
      body_html: z.string(),
      body_text: z.nullable(z.string()),
      files: z.array(z.object({ filename: z.string(), content_type: z.string(), size_bytes: z.int() })),
    }),
  ),
});
export type OutboxDetailResponse = z.infer<typeof OutboxDetailResponse>;

export const OutboxListResponse = z.object({
  items: z.array(OutboxResponse),
  next_cursor: z.nullable(z.string()),
});
export type OutboxListResponse = z.infer<typeof OutboxListResponse>;
