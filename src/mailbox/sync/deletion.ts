import { rowsOf } from "../../platform/rows.ts";
import type { MailboxContext } from "../context.ts";
import { accountOf } from "../store/account.ts";
import { keepConversation } from "../store/conversations.ts";
import { noteChange } from "../store/places.ts";

/** Messages that one pass deletes: the rest is for the next ones. */
const MAX_DELETED = 500;

type MissingRow = { id: string; internet_message_id: string; conversation_id: string };

/**
 * Deletes what no folder has had for an interval, with the changes that wait for it. To be called after a pass that has
 * looked at every folder: a message that was moved meanwhile has been found again.
 * @param passStartedAt in milliseconds since the epoch
 * @returns how many
 */
export async function deleteMissing(ctx: MailboxContext, passStartedAt: number): Promise<number> {
  const { accountId, settings } = accountOf(ctx);
  // A pass may come a tenth of the interval early.
  const before = passStartedAt - settings.syncInterval * 900;
  const missing = rowsOf<MissingRow>(
    ctx,
    `SELECT id, internet_message_id, conversation_id FROM messages
     WHERE missing_since IS NOT NULL AND missing_since <= ?
     ORDER BY missing_since LIMIT ?`,
    ...[before, MAX_DELETED],
  );
  let deleted = 0;
  for (const message of missing) {
    // The files first: if the object dies in between, the message is still there to be deleted.
    await deleteFiles(ctx, `mail/${accountId}/${message.id}/`);
    if (deleteMessage(ctx, message)) deleted++;
  }
  return deleted;
}

async function deleteFiles({ env }: MailboxContext, prefix: string): Promise<void> {
  for (;;) {
    const { objects, truncated } = await env.ATTACHMENTS.list({ prefix });
    if (objects.length > 0) await env.ATTACHMENTS.delete(objects.map(({ key }) => key));
    if (!truncated) return;
  }
}

/** @returns false for a message that has been found again meanwhile */
function deleteMessage(
  ctx: MailboxContext,
  { id, internet_message_id, conversation_id }: MissingRow,
): boolean {
  return ctx.storage.transactionSync(() => {
    const { rowsWritten } = ctx.sql.exec(
      "DELETE FROM messages WHERE id = ? AND missing_since IS NOT NULL",
      id,
    );
    if (rowsWritten === 0) return false;
    ctx.sql.exec("DELETE FROM bodies WHERE message_id = ?", id);
    ctx.sql.exec("DELETE FROM ops WHERE message_id = ?", id);
    keepConversation(ctx, internet_message_id, conversation_id);
    noteChange(ctx, id, "deleted", Date.now());
    return true;
  });
}
