import type { ImapClient } from "./client.ts";

/**
 * Opens a folder until it is released; undefined if the server does not have it.
 * @param options.uidvalidity what it is expected to have: if the folder was open before and has another, it is opened again
 */
export async function openFolder(
  client: ImapClient,
  path: string,
  { readOnly = false, uidvalidity }: { readOnly?: boolean; uidvalidity?: string } = {},
): Promise<{ release(): void } | undefined> {
  let lock: { release(): void } | undefined;
  try {
    lock = await client.getMailboxLock(path, { readOnly });
    if (uidvalidity !== undefined && uidvalidityOf(client) !== uidvalidity) {
      await client.mailboxOpen(path, { readOnly });
    }
    return lock;
  } catch (error) {
    lock?.release();
    const isRefused = (error as { responseStatus?: string }).responseStatus === "NO";
    if (isRefused && client.usable) return undefined;
    throw error;
  }
}

/** Of the folder that is open. */
export const uidvalidityOf = ({ mailbox }: ImapClient): string =>
  mailbox ? String(mailbox.uidValidity) : "";
