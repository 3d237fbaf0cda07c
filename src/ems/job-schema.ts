import * as z from "zod/mini";

/** What the queue of jobs carries. Senders import the type only, so that they do not load the schema. */
export const Job = z.discriminatedUnion("type", [
  /** Read the next page of a mailbox's history. */
  z.object({
    type: z.literal("backfill"),
    account_id: z.string(),
    run: z.string(),
    cursor: z.nullable(z.string()),
  }),
  /** Read the next page of what came since the last sweep. */
  z.object({
    type: z.literal("sweep"),
    account_id: z.string(),
    since: z.optional(z.int()),
    window: z.nullable(
      z.object({ from: z.number(), until: z.number(), seen: z.number(), cursor: z.string() }),
    ),
  }),
  /** Bring a message's attachments to R2. */
  z.object({ type: z.literal("store_attachments"), message_id: z.string() }),
  /** Read a message that may be a bounce. */
  z.object({ type: z.literal("bounce"), message_id: z.string(), references: z.array(z.string()) }),
  /** Tell a company's hub that its log has grown. Earlier versions sent it as `ring`. */
  z.object({ type: z.literal(["notify_hub", "ring"]), company_id: z.int() }),
  /** Send an outbox entry, or find out whether it was sent. */
  z.object({ type: z.literal("outbox"), id: z.string() }),
  /** Erase the next portion of an account or a company. */
  z.object({ type: z.literal("erase"), company_id: z.int(), account_id: z.string() }),
]);
export type Job = z.infer<typeof Job>;
