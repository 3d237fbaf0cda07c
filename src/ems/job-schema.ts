import * as z from "zod/mini";
import { type Infer, lazy } from "../lib/lazy.ts";

/** The company whose rows the job is about. Jobs of earlier versions do not say. */
const companyId = () => z.nullish(z.int());

/** The messages of the job queue. Senders import only the type, so they do not load the schema. */
export const Job = lazy(() =>
  // discriminatedUnion would cost 0.5 KB gzipped more.
  z.union([
    /** Reads the next page of a mailbox's history. */
    z.object({
      type: z.literal("backfill"),
      company_id: companyId(),
      account_id: z.string(),
      run: z.string(),
      cursor: z.nullable(z.string()),
    }),
    /** Reads the next page of mail since the last sweep. */
    z.object({
      type: z.literal("sweep"),
      company_id: companyId(),
      account_id: z.string(),
      since: z.optional(z.int()),
      window: z.nullable(
        z.object({ from: z.number(), until: z.number(), seen: z.number(), cursor: z.string() }),
      ),
    }),
    /** Copies a message's attachments to R2. */
    z.object({ type: z.literal("store_attachments"), company_id: companyId(), message_id: z.string() }),
    /** Reads a message that may be a bounce. */
    z.object({
      type: z.literal("bounce"),
      company_id: companyId(),
      message_id: z.string(),
      references: z.array(z.string()),
    }),
    /** Notifies a company's hub of new events. Earlier versions sent it as `ring`. */
    z.object({ type: z.literal(["notify_hub", "ring"]), company_id: z.int() }),
    /** Sends an outbox entry, or finds out whether it was sent. */
    z.object({ type: z.literal("outbox"), company_id: companyId(), id: z.string() }),
    /** Erases the next batches of an account or a company. */
    z.object({ type: z.literal("erase"), company_id: z.int(), account_id: z.string() }),
  ]),
);
export type Job = Infer<typeof Job>;
