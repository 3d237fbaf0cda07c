import type { MailboxContext } from "../context.ts";
import type { ImapClient } from "../imap/client.ts";
import { asideOf } from "../store/places.ts";
import { addFetched } from "./changes.ts";
import { type FolderRow, reread } from "./folders.ts";
import type { Pass } from "./state.ts";
import { chunksOf, rangeOf, searchUids } from "./uids.ts";

/** The first messages are there soon; then steps are as long as a lost one may cost. */
const STEPS = { first: 100, later: 500 };

/** UIDs in one SEARCH. Where there are few messages, it grows. */
const WIDTH = 20_000;

/**
 * Reads a folder's history, newest first, and keeps how far it has come after each step: if the object dies, one step is
 * done again.
 * @returns false if there is more to do in the folder
 */
export async function readHistory(
  ctx: MailboxContext,
  client: ImapClient,
  pass: Pass,
  row: FolderRow,
): Promise<boolean> {
  const folder = reread(ctx, row);
  if (!folder || folder.synced_low === null || folder.synced_low <= 1) return true;
  if (!pass.hasBudget()) return false;
  const lock = await client.getMailboxLock(folder.path, { readOnly: true });
  try {
    // Another UIDVALIDITY since the visit: the next pass sees to it.
    if (client.mailbox && String(client.mailbox.uidValidity) !== folder.uidvalidity) return false;
    // After a new UIDVALIDITY the folder is read again, and what is new in it is no history.
    const isHistory = asideOf(ctx, folder.id).length === 0;
    let width = WIDTH;
    for (let high = folder.synced_low - 1; high >= 1; ) {
      const from = Math.max(1, high - width + 1);
      const older = (await searchUids(client, `${from}:${high}`)).reverse();
      const head = folder.total === 0 ? older.splice(0, STEPS.first) : [];
      const steps = [head, ...chunksOf(older, STEPS.later)].filter(({ length }) => length > 0);
      for (const [i, step] of steps.entries()) {
        if (!pass.hasBudget()) return false;
        const uids = step.reverse();
        const low = i === steps.length - 1 ? from : uids[0]!;
        await addFetched({ ctx, client, pass, folder }, rangeOf(uids), () => noteLow(ctx, folder, low), {
          isHistory,
        });
      }
      if (steps.length === 0) noteLow(ctx, folder, from);
      if (steps.length < 2) width *= 4;
      high = from - 1;
      if (high >= 1 && !pass.hasBudget()) return false;
    }
    // What was not found again is to be removed.
    return isHistory;
  } finally {
    lock.release();
  }
}

/** Does nothing if the folder has another UIDVALIDITY since. */
const noteLow = (ctx: MailboxContext, { id, uidvalidity }: FolderRow, low: number): void => {
  ctx.sql.exec(
    // The folder is opened once more: only then the whole of it can be compared.
    "UPDATE folders SET synced_low = ?1, server_total = iif(?1 = 1, NULL, server_total) WHERE id = ?2 AND uidvalidity = ?3",
    ...[low, id, uidvalidity],
  );
};
