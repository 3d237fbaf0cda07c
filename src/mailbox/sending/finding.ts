import { MailError } from "../errors.ts";
import type { ImapClient } from "../imap/client.ts";
import type { Letter } from "./letter.ts";

/** What a letter is found by. */
export type Findable = Pick<Letter, "id" | "internetMessageId" | "date">;

const DAY_MS = 24 * 3600_000;

/**
 * Searches folders for a letter of ours, from the day before it was written: by its Message-ID, and by our own header where
 * the server has given it another.
 * @returns where it was found first
 * @throws MailError CONNECTION_FAILED when a folder cannot be searched: then nobody can say that it is not there
 */
export async function findLetter(
  client: ImapClient,
  paths: string[],
  letter: Findable,
): Promise<{ path: string; uid: number } | undefined> {
  for (const path of paths) {
    const lock = await client.getMailboxLock(path);
    try {
      const uids = await searchFor(client, letter);
      const uid = uids[0];
      if (uid !== undefined) return { path, uid };
    } finally {
      lock.release();
    }
  }
  return undefined;
}

async function searchFor(client: ImapClient, { id, internetMessageId, date }: Findable): Promise<number[]> {
  const since = new Date(date - DAY_MS);
  const headers = [{ "message-id": `<${internetMessageId}>` }, { "x-xabar-id": id }];
  for (const header of headers) {
    const uids = await client.search({ header, since }, { uid: true });
    if (!uids) throw new MailError("CONNECTION_FAILED", "The mail server cannot search a folder");
    if (uids.length > 0) return uids;
  }
  return [];
}
