import { cuid } from "../../lib/cuid.ts";
import { type MailboxContext, rowOf } from "../context.ts";
import { joinConversation } from "./conversations.ts";
import type { FoundMessage } from "./found.ts";

/** Copies of one mail in a folder that are told apart by number; the work for more of them would grow with its square. */
const MAX_COPIES = 20;

const copyKey = (key: string, copy: number): string =>
  copy === 1 ? key : copy <= MAX_COPIES ? `${key}#${copy}` : `${key}#${cuid()}`;

/** The message that has this key and is not in the folder yet; else the key that a copy there gets. */
export function messageFor(
  ctx: MailboxContext,
  folderId: string,
  key: string,
): { key: string; id?: string; isMissing?: boolean } {
  for (let copy = 1; ; copy++) {
    const ownKey = copyKey(key, copy);
    const row = rowOf<{ id: string; missing_since: number | null; is_here: number }>(
      ctx,
      `SELECT id, missing_since, EXISTS (
         SELECT 1 FROM places p WHERE p.message_id = messages.id AND p.folder_id = ?) AS is_here
       FROM messages WHERE key = ?`,
      ...[folderId, ownKey],
    );
    if (!row) return { key: ownKey };
    if (!row.is_here) return { key: ownKey, id: row.id, isMissing: row.missing_since !== null };
  }
}

/** The key, unless another message has it: then that of a copy. */
export function freeKey(ctx: MailboxContext, key: string, messageId: string): string {
  for (let copy = 1; ; copy++) {
    const ownKey = copyKey(key, copy);
    const taken = rowOf<{ id: string }>(ctx, "SELECT id FROM messages WHERE key = ?", ownKey);
    if (!taken || taken.id === messageId) return ownKey;
  }
}

/** Adds a message, which has no place yet. @returns its id */
export function insertMessage(ctx: MailboxContext, message: FoundMessage, now: number): string {
  const id = cuid();
  const row = {
    id,
    key: message.key,
    internet_message_id: message.internetMessageId,
    conversation_id: joinConversation(ctx, message),
    received_at: message.receivedAt,
    from_name: message.from.name,
    from_address: message.from.address,
    to_list: JSON.stringify(message.to),
    cc_list: JSON.stringify(message.cc),
    bcc_list: JSON.stringify(message.bcc),
    reply_to_list: JSON.stringify(message.replyTo),
    subject: message.subject,
    preview: message.preview,
    size: message.size,
    parts: JSON.stringify(message.parts),
    attachment_count: message.parts.filter(({ role }) => role === "attachment").length,
    refs: message.refs.join(" "),
    created_at: now,
    updated_at: now,
  };
  const names = Object.keys(row);
  ctx.sql.exec(
    `INSERT INTO messages (${names.join(", ")}) VALUES (${names.map(() => "?").join(", ")})`,
    ...Object.values(row),
  );
  return id;
}
