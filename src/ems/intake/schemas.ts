import * as z from "zod/mini";
import { line, uuid } from "../../lib/fields.ts";
import { cursorQuery } from "../lists/pagination.ts";

export const DeliveryParam = z.object({ delivery_id: line(200).check(z.minLength(1)) });

const DeliveryState = z.enum(["received", "applied", "ignored", "parked"]);

export const DeliveriesQuery = z.object({
  ...cursorQuery,
  state: z.optional(DeliveryState),
  type: z.optional(line(200)),
  account_id: z.optional(uuid),
});
export type DeliveriesQuery = z.infer<typeof DeliveriesQuery>;

/** Of what is parked: only what all of these say. */
export const ReplayQuery = z.object({
  state: z.optional(z.literal("parked")),
  type: z.optional(line(200)),
  account_id: z.optional(uuid),
  /** What was received before this time. */
  before: z.optional(z.iso.datetime({ offset: true })),
});
export type ReplayQuery = z.infer<typeof ReplayQuery>;

export const ReplayResponse = z.object({ replayed: z.int() });

export const DeliveryResponse = z.object({
  /** Nylas's id of the notification. */
  id: z.string(),
  type: z.string(),
  grant_id: z.nullable(z.string()),
  account_id: z.uuid(),
  received_at: z.iso.datetime(),
  occurred_at: z.nullable(z.iso.datetime()),
  state: DeliveryState,
  attempts: z.int(),
  error: z.nullable(z.string()),
  finished_at: z.nullable(z.iso.datetime()),
  /** Of one that an outage has parked: when it is tried again. */
  retry_at: z.nullable(z.iso.datetime()),
  /** Where its raw bytes lie in the bucket, for 30 days. */
  key: z.string(),
});
export type DeliveryResponse = z.infer<typeof DeliveryResponse>;

export const DeliveryListResponse = z.object({
  items: z.array(DeliveryResponse),
  /** How many, of all, have failed for good and wait for somebody to replay them; 1,000 stands for more. */
  parked_count: z.int(),
  next_cursor: z.nullable(z.string()),
});
export type DeliveryListResponse = z.infer<typeof DeliveryListResponse>;
