import { type MailboxContext, rowOf } from "../context.ts";
import type { MailboxStatus } from "../contract.ts";
import { accountOf } from "../store/account.ts";

/** @throws MailError NOT_FOUND before the mailbox is first opened */
export function statusOf(ctx: MailboxContext): MailboxStatus {
  const { state, lastSyncAt, lastError, capabilities, keyId } = accountOf(ctx);
  return { state, isSyncing: isSyncing(ctx), lastSyncAt, lastError, capabilities, keyId };
}

const isSyncing = (ctx: MailboxContext): boolean =>
  rowOf(
    ctx,
    "SELECT 1 AS found FROM tasks WHERE kind = 'sync' AND status IN ('pending', 'started', 'retry') LIMIT 1",
  ) !== undefined;
