import * as z from "zod/mini";
import { type Infer, lazy } from "../../lib/lazy.ts";
import type { ConnectedAccount } from "../ingest/state.ts";
import type { Change } from "../provider/changes.ts";

/** A notification on its way through the queue. Its bytes lie in R2; a small one also travels along. */
export const QueuedNotification = lazy(() =>
  z.object({
    /** Of its bytes. */
    key: z.string(),
    /** Seconds since the epoch. */
    received_at: z.int(),
    /** The push as it came, for its provider to read. */
    notification: z.optional(z.unknown()),
    /** An admin wants it applied again, even if it was applied before. */
    replay: z.optional(z.boolean()),
  }),
);
export type QueuedNotification = Infer<typeof QueuedNotification>;

/** A change at the provider that is about an account of ours. */
export interface AccountChange<C extends Change = Change> {
  account: ConnectedAccount;
  change: C;
  /** Names the notification. Each raises its events once. */
  cause: string;
  /** When the reported state was true, in milliseconds. */
  observedAt: number;
  /** When the report came, in seconds since the epoch. */
  receivedAt: number;
  /** It comes again from the ledger, long after it was true. */
  isReplay: boolean;
}
