import { cuid } from "../../lib/cuid.ts";
import { rowOf } from "../../platform/rows.ts";
import type { MailboxContext } from "../context.ts";
import { joinConversation } from "./conversations.ts";
import type { FoundMessage, FoundPlace } from "./found.ts";

/** Copies of one mail in a folder that are told apart by number; the work for more of them would grow with its square. */
const MAX_COPIES = 20;

/** UIDs below this are of places that were set aside: see places.ts. Those of the server have 32 bits. */
export const ASIDE = -(2 ** 40);

const copyKey = (key: string, copy: number): string =>
  copy === 1 ? key : copy <= MAX_COPIES ? `${key}#${copy}` : `${key}#${cuid()}`;

/** A message that a folder gets: one that is known, or a new one with this key. */
interface Known {
  key: string;
  id?: string;
  isMissing?: boolean;
  /** Of its place in the folder, which the server does not have yet. */
  uid?: number;
}

/** The message that has this key and has no UID of the server in the folder; else the key that a copy there gets. */
export function messageFor(ctx: MailboxContext, folderId: string, key: string): Known {
  for (let copy = 1; ; copy++) {
    const ownKey = copyKey(key, copy);
    const row = rowOf<{ id: string; missing_since: number | null; uid: number | null }>(
      ctx,
      `SELECT id, missing_since, (
         SELECT min(p.uid) FROM places p WHERE p.message_id = messages.id AND p.folder_id = ?) AS uid
       FROM messages WHERE key = ?`,
      ...[folderId, ownKey],
    );
    if (!row) return { key: ownKey };
    const known = { key: ownKey, id: row.id, isMissing: row.missing_since !== null };
    if (row.uid === null) return known;
    if (row.uid < 0) return { ...known, uid: row.uid };
  }
}

/** The UID of a message of ours in the folder that the server has now, perhaps with a key of its own. */
export const localUidOf = (
  ctx: MailboxContext,
  folderId: string,
  { message: { internetMessageId } }: FoundPlace,
): number | undefined =>
  internetMessageId === ""
    ? undefined
    : rowOf<{ uid: number }>(
        ctx,
        `SELECT p.uid FROM messages m CROSS JOIN places p ON p.message_id = m.id
         WHERE m.internet_message_id = ? AND m.internet_message_id <> '' AND p.folder_id = ? AND p.uid BETWEEN ? AND -1
         LIMIT 1`,
        ...[internetMessageId, folderId, ASIDE],
      )?.uid;

export const setKey = (ctx: MailboxContext, messageId: string, key: string): void => {
  ctx.sql.exec("UPDATE messages SET key = ? WHERE id = ?", key, messageId);
};

/** Adds a message, which has no place yet. @returns its id */
export function insertMessage(ctx: MailboxContext, message: FoundMessage, now: number): string {
  const id = cuid();
  const row = {
    id,
    conversation_id: joinConversation(ctx, message),
    ...columnsOf(message),
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

/** Gives a message that was written here other content. Its id and its places stay. */
export function rewriteMessage(ctx: MailboxContext, id: string, message: FoundMessage): void {
  const row = { ...columnsOf(message), updated_at: Date.now() };
  const assignments = Object.keys(row).map((name) => `${name} = ?`);
  ctx.sql.exec(`UPDATE messages SET ${assignments.join(", ")} WHERE id = ?`, ...Object.values(row), id);
  ctx.sql.exec(
    "UPDATE places SET received_at = ?, sender = ? WHERE message_id = ?",
    ...[message.receivedAt, message.from.address.toLowerCase(), id],
  );
}

function columnsOf(message: FoundMessage) {
  return {
    key: message.key,
    internet_message_id: message.internetMessageId,
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
  };
}
