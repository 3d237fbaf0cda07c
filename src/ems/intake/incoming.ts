import type { Ctx } from "../context.ts";
import { applyMessage } from "../ingest/apply.ts";
import type { Applied, Applying } from "../ingest/applying.ts";
import type { MailAccount } from "../ingest/state.ts";
import { enqueueUnknown } from "../sending/entry.ts";

/**
 * Applies a message as the provider shows it. A new outbound one has the account's unknown outbox entries checked
 * again: it may be the mail of one of them.
 * @throws what `applyMessage` throws
 */
export async function applyIncoming(ctx: Ctx, account: MailAccount, applying: Applying): Promise<Applied> {
  const applied = await applyMessage(ctx, account, applying);
  if (applied.isNewOutbound && !applying.silent) await enqueueUnknown(ctx, account.id);
  return applied;
}
