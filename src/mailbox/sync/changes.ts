import type { ExpungeEvent } from "imapflow";
import { rowOf } from "../../platform/rows.ts";
import type { FoundPlace } from "../store/found.ts";
import { addPlaces, takeFlags } from "../store/mirror.ts";
import { pendingOf } from "../store/pending.ts";
import { flagsOf, METADATA, toPlace } from "./found.ts";
import { flagsInterval, scanNote, type Visit } from "./state.ts";
import { chunksOf, rangeOf, searchUids } from "./uids.ts";

/** How many messages' flags are asked for in one command, and are stored in one transaction. */
const WINDOW = { changed: 50_000, all: 2000 };
const BATCH = 500;

/** Without CONDSTORE, the newest messages whose flags are read at each visit. */
const NEWEST = 500;

/** More vanished UIDs than this are not listed: the folder is compared as a whole. */
const MAX_VANISHED = 100_000;

type FlagChange = { uid: number; isRead: boolean; flags: string[] };

/**
 * Takes over changes of flags: those that the server knows of (RFC 7162); without that, those of the newest messages, and
 * from time to time of all.
 * @returns `vanished` are UIDs that the server says are gone (RFC 7162 section 3.2.10)
 */
export async function takeFlagChanges(
  visit: Visit,
): Promise<{ end: "done" | "more" | "held"; vanished: number[] }> {
  const { ctx, folder, server } = visit;
  const isKnown = folder.modseq !== null && server.modseq !== null && !visit.isFull;
  if (isKnown && folder.modseq === server.modseq && folder.flags_from === null)
    return { end: "done", vanished: [] };
  const age = Date.now() - (folder.flags_at ?? 0);
  const isDue = server.modseq === null && age >= flagsInterval(server.total);
  visit.isFull ||= isDue || (!isKnown && server.modseq !== null);
  if (!isKnown && !visit.isFull && folder.flags_from === null)
    return { end: await takeNewestFlags(visit), vanished: [] };
  const gone = listenForVanished(visit);
  let isPending = false;
  try {
    for (let from = folder.flags_from ?? 1; ; ) {
      const window = windowFrom(visit, from, isKnown ? WINDOW.changed : WINDOW.all);
      if (!window) break;
      if (from > 1 && !visit.pass.hasBudget()) {
        putOff(visit, from);
        return { end: "more", vanished: [] };
      }
      const since = isKnown ? { changedSince: BigInt(folder.modseq!) } : {};
      isPending = (await takeFetched(visit, window.range, { uid: true, ...since })) || isPending;
      from = window.next;
    }
    if (folder.flags_from !== null)
      ctx.sql.exec("UPDATE folders SET flags_from = NULL WHERE id = ?", folder.id);
  } finally {
    gone.stop();
  }
  return { end: isPending ? "held" : "done", vanished: gone.uids };
}

/** Keeps where to go on in the next wake-up. */
function putOff({ ctx, folder, server }: Visit, from: number): void {
  const { kv } = ctx.storage;
  ctx.storage.transactionSync(() => {
    ctx.sql.exec("UPDATE folders SET flags_from = ? WHERE id = ?", from, folder.id);
    if (kv.get(scanNote(folder.id)) === undefined && server.modseq)
      kv.put(scanNote(folder.id), server.modseq);
  });
}

async function takeNewestFlags(visit: Visit): Promise<"done" | "held"> {
  const { total } = visit.server;
  if (total === 0) return "done";
  const isPending = await takeFetched(visit, `${Math.max(1, total - NEWEST + 1)}:*`, {});
  return isPending ? "held" : "done";
}

/** Fetches flags, and takes them over in batches. @returns whether some were left for later */
async function takeFetched(
  { ctx, client, folder, pass }: Visit,
  range: string,
  options: { uid?: boolean; changedSince?: bigint },
): Promise<boolean> {
  let batch: FlagChange[] = [];
  let isPending = false;
  // An answer that lacks what was asked for, unless another one has it.
  const bare = new Set<number>();
  const take = () => {
    const { isPending: isLeft } = pass.progress.step(() => {
      const { changed, isPending } = takeFlags(ctx, folder.id, batch);
      return { messagesUpdated: changed, isPending };
    });
    isPending ||= isLeft;
    batch = [];
  };
  const query = { uid: true, flags: true, labels: true };
  for await (const { uid, flags, labels } of client.fetch(range, query, options)) {
    if (uid && flags) batch.push({ uid, ...flagsOf(flags, labels) });
    if (uid && flags) bare.delete(uid);
    else if (uid) bare.add(uid);
    if (batch.length >= BATCH) take();
  }
  if (batch.length > 0) take();
  return isPending || bare.size > 0;
}

/** The next messages of the mirror from a UID on: as a range, since those between them are of no interest. */
function windowFrom(
  { ctx, folder }: Visit,
  from: number,
  length: number,
): { range: string; next: number } | undefined {
  const row = rowOf<{ first: number | null; last: number | null }>(
    ctx,
    `SELECT min(uid) AS first, max(uid) AS last FROM (
       SELECT uid FROM places WHERE folder_id = ? AND uid >= ? ORDER BY uid LIMIT ?)`,
    ...[folder.id, from, length],
  );
  if (!row?.first || !row.last) return undefined;
  return { range: `${row.first}:${row.last}`, next: row.last + 1 };
}

/** Collects the UIDs of the mirror that the server says are gone. */
function listenForVanished({ ctx, client, folder }: Visit): { uids: number[]; stop(): void } {
  const uids: number[] = [];
  const isOurs = (uid: number) =>
    rowOf(ctx, "SELECT 1 AS found FROM places WHERE folder_id = ? AND uid = ?", folder.id, uid) !== undefined;
  const listen = ({ uid }: ExpungeEvent) => {
    if (uid && uids.length < MAX_VANISHED && isOurs(uid)) uids.push(uid);
  };
  client.on("expunge", listen);
  return { uids, stop: () => client.off("expunge", listen) };
}

/** The UIDs that have come since the last visit. */
export async function newUids({ client, folder, server }: Visit): Promise<number[]> {
  const [from, to] = [folder.uidnext, server.uidnext - 1];
  return from > to ? [] : searchUids(client, `${from}:${to}`);
}

/** Reads messages that have come since the last visit. @returns false if the time is over */
export async function takeNew(visit: Visit, fresh: number[]): Promise<boolean> {
  const { ctx, folder } = visit;
  const chunks = chunksOf(fresh, BATCH).map(rangeOf);
  for (const [i, range] of chunks.entries()) {
    if (i > 0 && !visit.pass.hasBudget()) return false;
    await addFetched(visit, range, (highest) => {
      const next = Math.max(folder.uidnext, highest + 1);
      ctx.sql.exec("UPDATE folders SET uidnext = ? WHERE id = ?", next, folder.id);
    });
  }
  return true;
}

/** Of messages that were read and are not stored yet, in bytes. */
const MAX_HELD = 8 << 20;

/** Reads messages and adds them. What `also` notes of it is in the transaction that adds the last of them. */
export async function addFetched(
  { ctx, client, folder, pass }: Pick<Visit, "ctx" | "client" | "pass"> & { folder: { id: string } },
  range: string,
  also: (highest: number) => void,
  { isHistory = false, query = METADATA } = {},
): Promise<void> {
  let found: FoundPlace[] = [];
  let held = 0;
  let highest = 0;
  const add = (isLast: boolean) => {
    pass.hasBudget(found.length);
    pass.progress.step(() => {
      const away = pendingOf(ctx, folder.id);
      const here = found.filter(({ uid }) => !away.has(uid));
      const added = addPlaces(ctx, folder.id, here, { isHistory });
      if (isLast) also(highest);
      return { messagesAdded: added.filter(({ isNew }) => isNew).length };
    });
    found = [];
    held = 0;
  };
  for await (const message of client.fetch(range, query, { uid: true })) {
    const place = await toPlace(message);
    if (!place) continue;
    found.push(place);
    highest = Math.max(highest, place.uid);
    held += place.message.parts.length * 200 + (message.headers?.length ?? 0);
    if (held > MAX_HELD) add(false);
  }
  add(true);
}

/** The server's UIDs that the mirror has in a folder, in ascending order. */
export function mirroredUids({ ctx, folder }: Visit): number[] {
  const cursor = ctx.sql.exec(
    "SELECT uid FROM places WHERE folder_id = ? AND uid > 0 ORDER BY uid",
    folder.id,
  );
  const uids: number[] = [];
  // Of a folder of a million, an object for each row would be too much.
  for (const [uid] of cursor.raw()) uids.push(Number(uid));
  return uids;
}
