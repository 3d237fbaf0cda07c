import type { Ctx } from "../context.ts";
import { applyMessage } from "../ingest/apply.ts";
import type { MailAccount } from "../ingest/state.ts";
import type { ApplyResult, MessageUpdate } from "../ingest/update.ts";
import { enqueueUnknown } from "../sending/entry.ts";

/**
 * Applies a message as the provider shows it. A new outbound one has the account's unknown outbox entries checked
 * again: it may be the mail of one of them.
 * @throws what `applyMessage` throws
 */
export async function applyIncoming(
  ctx: Ctx,
  account: MailAccount,
  update: MessageUpdate,
): Promise<ApplyResult> {
  const applied = await applyMessage(ctx, account, update);
  if (applied.isNewOutbound && !update.silent) await enqueueUnknown(ctx, account.id);
  return applied;
}
