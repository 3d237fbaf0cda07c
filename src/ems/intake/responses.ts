import * as z from "zod/mini";
import { NotificationState } from "./schemas.ts";

export const ReplayResponse = z.object({ replayed: z.int() });

export const NotificationResponse = z.object({
  /** The provider's id of the notification. */
  id: z.string(),
  type: z.string(),
  grant_id: z.nullable(z.string()),
  account_id: z.uuid(),
  received_at: z.iso.datetime(),
  occurred_at: z.nullable(z.iso.datetime()),
  state: NotificationState(),
  attempts: z.int(),
  error: z.nullable(z.string()),
  finished_at: z.nullable(z.iso.datetime()),
  /** When cron replays it, if an outage has parked it. */
  retry_at: z.nullable(z.iso.datetime()),
  /** The R2 key of its bytes, if they are stored: those of a large one, and of one that was parked, for 30 days. */
  key: z.nullable(z.string()),
});
export type NotificationResponse = z.infer<typeof NotificationResponse>;

export const NotificationListResponse = z.object({
  items: z.array(NotificationResponse),
  /** How many of all have failed and wait to be replayed; 1,000 means 1,000 or more. */
  parked_count: z.int(),
  next_cursor: z.nullable(z.string()),
});
export type NotificationListResponse = z.infer<typeof NotificationListResponse>;
