import type { MailboxContext } from "../context.ts";
import { MailError, notFound } from "../errors.ts";
import type { ImapClient } from "../imap/client.ts";
import { openFolder, uidvalidityOf } from "../imap/open-folder.ts";
import { withImap } from "../imap/session.ts";
import { serverPlacesOf } from "../store/pending.ts";

/**
 * Works with a message where the server has it. Another program may have moved it meanwhile: then its other places are
 * tried.
 * @param work gives undefined if the folder does not have the UID
 * @throws MailError NOT_FOUND if no place has it, CONNECTION_FAILED while the mirror is older than the folder, and others
 * as `withImap` does
 */
export function atServer<T>(
  ctx: MailboxContext,
  messageId: string,
  work: (client: ImapClient, uid: number) => Promise<T | undefined>,
): Promise<T> {
  return withImap(ctx, "read", async (client) => {
    let isRenewed = false;
    for (const { path, uid, uidvalidity } of serverPlacesOf(ctx, messageId)) {
      const lock = await openFolder(client, path, { readOnly: true, uidvalidity });
      if (!lock) continue;
      try {
        if (uidvalidityOf(client) !== uidvalidity) {
          isRenewed = true;
          continue;
        }
        const result = await work(client, uid);
        if (result !== undefined) return result;
      } finally {
        lock.release();
      }
    }
    if (isRenewed) {
      const message = "The server has renumbered the folder, and it is not read again yet";
      throw new MailError("CONNECTION_FAILED", message, { retryAfterSeconds: 30 });
    }
    throw notFound("Message");
  });
}
