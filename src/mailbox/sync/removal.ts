import { rowOf } from "../../platform/rows.ts";
import type { MailboxContext } from "../context.ts";
import { removePlaces } from "../store/mirror.ts";
import { pendingOf } from "../store/pending.ts";
import { asideOf } from "../store/places.ts";
import { addFetched, mirroredUids } from "./changes.ts";
import { WITHOUT_STRUCTURE } from "./found.ts";
import type { Pass, Visit } from "./state.ts";
import { chunksOf, rangeOf, searchUids, without } from "./uids.ts";

/** More messages than this, and a larger part of the folder, have to be gone in two passes. */
const MASS = { messages: 50, part: 0.2 };

/** UIDs in one SEARCH, and messages in one FETCH. */
const SEARCHED = 1000;
const FETCHED = 500;

/**
 * Removes what the server says has vanished, once a search has confirmed it: iCloud was seen to say it of messages that are
 * there.
 * @returns false if it is too much to be believed at once
 */
export async function removeVanished(visit: Visit, vanished: number[]): Promise<boolean> {
  const gone: number[] = [];
  for (const chunk of chunksOf(
    [...vanished].sort((a, b) => a - b),
    SEARCHED,
  )) {
    const there = new Set(await searchUids(visit.client, rangeOf(chunk)));
    gone.push(...chunk.filter((uid) => !there.has(uid)));
  }
  return remove(visit, gone);
}

/**
 * Compares all UIDs with the server's if the numbers differ: with CONDSTORE alone, or with neither, nothing else tells of
 * what is gone. While the history is being read, numbers tell nothing.
 * @param fresh new messages that are not read yet
 * @returns false if something is to be looked at again
 */
export async function takeDifference(visit: Visit, fresh: number): Promise<boolean> {
  const { ctx, client, folder, server, quirks } = visit;
  if (folder.synced_low > 1) return true;
  const away = pendingOf(ctx, folder.id);
  if (!visit.isFull && mirroredCount(visit) + away.size + fresh === server.total) return true;
  const there = await searchUids(client, "1:*");
  const ours = mirroredUids(visit);
  const known = fresh > 0 ? folder.uidnext : server.uidnext;
  const missing = without(there, ours).filter((uid) => !away.has(uid) && uid < known);
  for (const chunk of chunksOf(missing, FETCHED)) {
    if (!visit.pass.hasBudget()) return false;
    await addFetched(visit, rangeOf(chunk), () => {});
  }
  const unread = missing.length === 0 ? [] : without(missing, mirroredUids(visit));
  for (const chunk of chunksOf(unread, FETCHED))
    await addFetched(visit, rangeOf(chunk), () => {}, { query: WITHOUT_STRUCTURE });
  const isWindow = quirks.window !== null && there.length >= quirks.window;
  const lowest = isWindow ? (there[0] ?? 0) : 0;
  return remove(
    visit,
    without(ours, there).filter((uid) => uid > lowest),
  );
}

/** Removes what has not been found again under a new UIDVALIDITY, once the whole folder has been read. */
export function removeAside(visit: Visit): boolean {
  const { ctx, folder } = visit;
  if (folder.synced_low > 1) return true;
  const aside = asideOf(ctx, folder.id);
  return aside.length === 0 || remove(visit, aside);
}

function remove({ ctx, folder, pass }: Visit, gone: number[]): boolean {
  if (!isBelieved(ctx, pass, folder, gone.length)) return false;
  if (gone.length > 0) pass.progress.step(() => ({ messagesRemoved: removePlaces(ctx, folder.id, gone) }));
  return true;
}

/**
 * Whether this many messages of a folder may be removed. What a server loses by mistake, or shows to nobody for a while,
 * is not lost here: many have to be gone in a second pass as well.
 */
export function isBelieved(
  { storage: { kv } }: MailboxContext,
  { startedAt }: Pass,
  { id, total }: { id: string; total: number },
  gone: number,
): boolean {
  const note = `gone:${id}`;
  const seenAt = kv.get<number>(note);
  const isMass = gone > MASS.messages && gone > MASS.part * total;
  if (isMass && seenAt === undefined) kv.put(note, startedAt);
  if (isMass && (seenAt === undefined || seenAt >= startedAt)) return false;
  if (seenAt !== undefined) kv.delete(note);
  return true;
}

/** How many of the server's messages the mirror has. */
function mirroredCount({ ctx, folder }: Visit): number {
  const row = rowOf<{ n: number }>(
    ctx,
    `SELECT total - (SELECT count(*) FROM places p WHERE p.folder_id = f.id AND p.uid < 0) AS n
     FROM folders f WHERE f.id = ?`,
    folder.id,
  );
  return row?.n ?? 0;
}
