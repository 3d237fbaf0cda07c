import { rowOf } from "../../platform/rows.ts";
import type { MailboxContext } from "../context.ts";
import type { ImapClient } from "../imap/client.ts";
import { openFolder, uidvalidityOf } from "../imap/open-folder.ts";
import type { ServerPlace } from "../store/pending.ts";

/**
 * Looks for a message in a folder of the server by its Message-ID.
 * @returns the newest that no other message of the mirror is; undefined without a Message-ID, or if it is not there
 */
export async function findIn(
  ctx: MailboxContext,
  client: ImapClient,
  messageId: string,
  { id: folderId, path }: { id: string; path: string },
): Promise<ServerPlace | undefined> {
  const message = rowOf<{ internet_message_id: string }>(
    ctx,
    "SELECT internet_message_id FROM messages WHERE id = ?",
    messageId,
  );
  if (!message?.internet_message_id) return undefined;
  const lock = await openFolder(client, path);
  if (!lock) return undefined;
  try {
    const header = { "message-id": `<${message.internet_message_id}>` };
    const uids = (await client.search({ header }, { uid: true })) || [];
    // UIDs of the mirror count only under the UIDVALIDITY that it has seen.
    const isOther = (uid: number) =>
      rowOf(
        ctx,
        `SELECT 1 AS found FROM places p JOIN folders f ON f.id = p.folder_id
         WHERE f.id = ? AND f.uidvalidity = ? AND p.uid = ? AND p.message_id <> ?`,
        ...[folderId, uidvalidityOf(client), uid, messageId],
      ) !== undefined;
    const uid = uids.sort((one, other) => other - one).find((each) => !isOther(each));
    return uid === undefined ? undefined : { folderId, uid, uidvalidity: uidvalidityOf(client) };
  } finally {
    lock.release();
  }
}
