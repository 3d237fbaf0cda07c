import { rowOf, rowsOf } from "../../platform/rows.ts";
import type { MailboxContext } from "../context.ts";
import type { MessageDetail } from "../contract.ts";
import { notFound } from "../errors.ts";
import { accountOf } from "../store/account.ts";
import type { KeptBody } from "../store/bodies.ts";
import { rootOf } from "../store/conversations.ts";
import { opsOf } from "../store/pending.ts";
import { attachmentsOf } from "./attachments.ts";
import { readBody } from "./body.ts";
import { rankOf } from "./folders.ts";
import { MESSAGE_COLUMNS, type MessageRow, readerOf, toMessage } from "./message.ts";

type DetailRow = MessageRow & { parts: string; conversation_id: string };

/**
 * A message with its body, which is read from the server the first time.
 * @throws MailError NOT_FOUND, also for a message that was deleted elsewhere; and as `readBody` does
 */
export async function getMessage(ctx: MailboxContext, messageId: string): Promise<MessageDetail> {
  const { parts } = rowOfMessage(ctx, messageId);
  const body = await readBody(ctx, messageId, JSON.parse(parts));
  return detailOf(ctx, messageId, body);
}

/**
 * The message as it is now. @param body null if it cannot be had
 * @throws MailError NOT_FOUND
 */
export function detailOf(ctx: MailboxContext, messageId: string, body: KeptBody | null): MessageDetail {
  const row = rowOfMessage(ctx, messageId);
  const folders = rowsOf<{ folder_id: string }>(
    ctx,
    "SELECT DISTINCT folder_id FROM places WHERE message_id = ? ORDER BY folder_id",
    messageId,
  );
  return {
    ...toMessage(row, readerOf(ctx)),
    body: body?.text ?? body?.html ?? "",
    bodyHtml: body?.html ?? null,
    isTruncated: body?.isCut ?? true,
    headers: body?.headers ?? {},
    attachments: attachmentsOf(accountOf(ctx).accountId, messageId, JSON.parse(row.parts)),
    conversationId: rootOf(ctx, row.conversation_id),
    folderIds: folders.map(({ folder_id }) => folder_id),
    labelsSynced: row.local_labels === null && opsOf(ctx, messageId, "labels").length === 0,
  };
}

/** The message at the place that counts first: in the inbox rather than in Sent. */
function rowOfMessage(ctx: MailboxContext, messageId: string): DetailRow {
  const row = rowOf<DetailRow>(
    ctx,
    `SELECT ${MESSAGE_COLUMNS}, m.parts, m.conversation_id FROM messages m
     JOIN places p ON p.message_id = m.id JOIN folders f ON f.id = p.folder_id
     WHERE m.id = ? ORDER BY ${rankOf("f.type")}, f.id LIMIT 1`,
    messageId,
  );
  if (!row) throw notFound("Message");
  return row;
}
