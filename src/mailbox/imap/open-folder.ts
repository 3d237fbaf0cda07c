import type { ImapClient } from "./client.ts";

/** Opens a folder until it is released; undefined if the server does not have it. */
export async function openFolder(
  client: ImapClient,
  path: string,
  options: { readOnly?: boolean } = {},
): Promise<{ release(): void } | undefined> {
  try {
    return await client.getMailboxLock(path, options);
  } catch (error) {
    const isRefused = (error as { responseStatus?: string }).responseStatus === "NO";
    if (isRefused && client.usable) return undefined;
    throw error;
  }
}

/** Of the folder that is open. */
export const uidvalidityOf = ({ mailbox }: ImapClient): string =>
  mailbox ? String(mailbox.uidValidity) : "";
