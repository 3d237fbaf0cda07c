import type { MailboxContext } from "../context.ts";
import type { ImapClient } from "../imap/client.ts";
import { openFolder, uidvalidityOf } from "../imap/open-folder.ts";
import { labelFlags } from "../store/labels.ts";
import { setFlags } from "../store/mirror.ts";
import { hasPending, type ServerPlace } from "../store/pending.ts";

/** A place of a message with its folder's path. */
export type PathPlace = ServerPlace & { path: string };

/**
 * Works in the folder of a place.
 * @returns "gone" if the server does not have the folder, "renumbered" if the UID counts no more
 */
export async function atPlace<T>(
  client: ImapClient,
  { path, uidvalidity }: PathPlace,
  work: () => Promise<T>,
): Promise<T | "gone" | "renumbered"> {
  const lock = await openFolder(client, path, { uidvalidity });
  if (!lock) return "gone";
  try {
    if (uidvalidityOf(client) !== uidvalidity) return "renumbered";
    return await work();
  } finally {
    lock.release();
  }
}

/** The flags of a message in the open folder, with Gmail's labels; undefined if it is not there. */
export async function flagsAt(client: ImapClient, uid: number): Promise<string[] | undefined> {
  const query = { uid: true, flags: true, labels: true };
  const found = await client.fetchOne(String(uid), query, { uid: true });
  return found ? [...(found.flags ?? []), ...labelFlags(found.labels)] : undefined;
}

/** Whether the open folder keeps a flag for good (RFC 9051 section 7.1: PERMANENTFLAGS). */
export function canKeep({ mailbox }: ImapClient, flag: string): boolean {
  if (!mailbox || mailbox.readOnly) return false;
  const permanent = mailbox.permanentFlags;
  if (!permanent) return true;
  const isKeyword = !flag.startsWith("\\");
  const isNamed = [...permanent].some((each) => each.toLowerCase() === flag.toLowerCase());
  return isNamed || (isKeyword && permanent.has("\\*"));
}

/** Sets and clears flags of a message in the open folder. What the folder cannot keep is left out. */
export async function storeFlags(
  client: ImapClient,
  uid: number,
  changes: Record<string, boolean>,
): Promise<void> {
  const names = Object.keys(changes).filter((name) => canKeep(client, name));
  const set = names.filter((name) => changes[name]);
  const cleared = names.filter((name) => !changes[name]);
  if (set.length > 0) await client.messageFlagsAdd(String(uid), set, { uid: true });
  if (cleared.length > 0) await client.messageFlagsRemove(String(uid), cleared, { uid: true });
}

/** Takes over the flags that the server has, unless there is a newer change of the message. */
export function takeFlags(
  ctx: MailboxContext,
  messageId: string,
  seen: { place: ServerPlace; flags: string[] }[],
): void {
  if (hasPending(ctx, messageId)) return;
  for (const { place, flags } of seen) {
    const isRead = flags.some((flag) => flag.toLowerCase() === "\\seen");
    setFlags(ctx, place.folderId, [{ uid: place.uid, isRead, flags }]);
  }
}
