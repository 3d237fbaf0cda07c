import * as z from "zod/mini";
import { type Infer, lazy } from "../../lib/lazy.ts";

/** A message of the queue `xabar-mail`: see `StatusChange` in src/mailbox/contract.ts. */
export const StatusMessage = lazy(() =>
  z.object({
    type: z.literal("status"),
    accountId: z.string(),
    status: z.object({
      state: z.enum(["syncing", "active", "auth_failed", "failing", "disabled", "closed"]),
      isSyncing: z.boolean(),
      lastSyncAt: z.nullable(z.number()),
      lastError: z.nullable(z.object({ code: z.string(), message: z.string(), at: z.number() })),
      capabilities: z.array(z.string()),
      keyId: z.nullable(z.string()),
    }),
    /** In milliseconds since the epoch. */
    at: z.number(),
  }),
);

export type StatusMessage = Infer<typeof StatusMessage>;
export type Status = StatusMessage["status"];
