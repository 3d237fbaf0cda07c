import * as z from "zod";
import { cursorQuery } from "../../lib/pagination.ts";
import { line, uuid } from "../../lib/validation.ts";

export const DeliveryParam = z.object({ delivery_id: line(200).min(1) });

const DeliveryState = z.enum(["received", "applied", "ignored", "parked"]);

export const DeliveriesQuery = z.object({
  ...cursorQuery,
  state: DeliveryState.optional(),
  type: line(200).optional(),
  account_id: uuid.optional(),
});
export type DeliveriesQuery = z.infer<typeof DeliveriesQuery>;

export const DeliveryResponse = z.object({
  /** Nylas's id of the notification. */
  id: z.string(),
  type: z.string(),
  grant_id: z.string().nullable(),
  account_id: z.uuid(),
  received_at: z.iso.datetime(),
  occurred_at: z.iso.datetime().nullable(),
  state: DeliveryState,
  attempts: z.int(),
  error: z.string().nullable(),
  finished_at: z.iso.datetime().nullable(),
  /** Where its raw bytes lie in the bucket, for 30 days. */
  key: z.string(),
});
export type DeliveryResponse = z.infer<typeof DeliveryResponse>;

export const DeliveryListResponse = z.object({
  items: z.array(DeliveryResponse),
  next_cursor: z.string().nullable(),
});
export type DeliveryListResponse = z.infer<typeof DeliveryListResponse>;
