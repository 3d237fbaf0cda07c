import type { MailboxContext } from "../context.ts";
import type { ImapClient } from "../imap/client.ts";
import { quirksOf } from "../imap/quirks.ts";
import { setAside } from "../store/places.ts";
import { newUids, takeFlagChanges, takeNew } from "./changes.ts";
import { type FolderRow, type FolderStatus, reread } from "./folders.ts";
import { removeAside, removeVanished, takeDifference } from "./removal.ts";
import { flagsInterval, type Opened, type Pass, scanNote, type Visit, type VisitEnd } from "./state.ts";

/**
 * Whether a folder needs no visit: the server's values are those of the last one.
 * @param forcedSince a visit is wanted that began after this time
 */
export function isUpToDate(folder: FolderRow, status: FolderStatus, forcedSince: number): boolean {
  if ((folder.checked_at ?? 0) < forcedSince || folder.flags_from !== null) return false;
  const isSame =
    folder.uidvalidity === status.uidvalidity &&
    folder.uidnext === status.uidnext &&
    folder.modseq === status.modseq &&
    folder.server_total === status.total &&
    folder.server_unseen === status.unseen;
  if (!isSame || status.modseq !== null) return isSame;
  if (folder.type === "inbox" && status.total > 0) return false;
  return Date.now() - (folder.flags_at ?? 0) < flagsInterval(status.total);
}

/** Takes over what has changed in a folder since the last visit. The history is read by `readHistory`. */
export async function visitFolder(
  ctx: MailboxContext,
  client: ImapClient,
  pass: Pass,
  row: FolderRow,
  { status, isForced }: { status: FolderStatus; isForced: boolean },
): Promise<VisitEnd> {
  const lock = await client.getMailboxLock(row.path, { readOnly: true });
  try {
    const server = opened(client, status);
    const folder = begin(ctx, row, server);
    if (!folder) return "done";
    const visit: Visit = {
      ctx,
      client,
      pass,
      quirks: quirksOf(client.host, client.capabilities.keys()),
      folder,
      server,
      isFull: isForced || isBack(folder.modseq, server.modseq),
    };
    const flags = await takeFlagChanges(visit);
    if (flags.end === "more") return "more";
    const isVanished = flags.vanished.length === 0 || (await removeVanished(visit, flags.vanished));
    // What is gone goes first: a message that went and came back is then no copy of itself.
    const fresh = await newUids(visit);
    const isCompared = await takeDifference(visit, fresh.length);
    if (!(await takeNew(visit, fresh))) return "more";
    const isEqual = isVanished && isCompared && (await takeDifference(visit, 0)) && removeAside(visit);
    const isHeld = !isEqual || flags.end === "held";
    finish(visit, status.unseen, isHeld);
    return isHeld ? "held" : "done";
  } finally {
    lock.release();
  }
}

function opened({ mailbox, enabled }: ImapClient, status: FolderStatus): Opened {
  if (!mailbox) return status;
  // Some servers tell it though they take no commands with it.
  const hasModseq = enabled.has("CONDSTORE") && mailbox.highestModseq && !mailbox.noModseq;
  return {
    uidvalidity: mailbox.uidValidity ? String(mailbox.uidValidity) : status.uidvalidity,
    uidnext: mailbox.uidNext || status.uidnext,
    modseq: hasModseq ? String(mailbox.highestModseq) : null,
    total: mailbox.exists ?? status.total,
  };
}

/** The folder as the mirror has it; what it had under another UIDVALIDITY is set aside, to be found again. */
function begin(ctx: MailboxContext, row: FolderRow, server: Opened): Visit["folder"] | undefined {
  return ctx.storage.transactionSync(() => {
    const known = reread(ctx, row);
    if (!known) return undefined;
    const { uidvalidity, uidnext, synced_low } = known;
    const isKnown = uidvalidity !== null && uidnext !== null && synced_low !== null;
    // A UIDNEXT that goes back breaks the same promise: UIDs may be given twice.
    if (isKnown && uidvalidity === server.uidvalidity && uidnext <= server.uidnext)
      return { ...known, uidvalidity, uidnext, synced_low };
    // Where nothing is known yet, there are only mails of ours that were filed.
    if (isKnown) setAside(ctx, known.id);
    const fresh = {
      uidvalidity: server.uidvalidity,
      uidnext: server.uidnext,
      modseq: server.modseq,
      synced_low: server.uidnext,
      flags_at: Date.now(),
      flags_from: null,
    };
    ctx.sql.exec(
      `UPDATE folders SET uidvalidity = ?, uidnext = ?, modseq = ?, synced_low = ?, flags_at = ?, flags_from = NULL
       WHERE id = ?`,
      ...[fresh.uidvalidity, fresh.uidnext, fresh.modseq, fresh.synced_low, fresh.flags_at, known.id],
    );
    return { ...known, ...fresh };
  });
}

const isBack = (known: string | null, now: string | null): boolean =>
  known !== null && now !== null && BigInt(now) < BigInt(known);

/** Notes that the folder is equal to the server as it was when it was opened; nothing of that, if something is held. */
function finish({ ctx, folder, server, isFull }: Visit, unseen: number, isHeld: boolean): void {
  const now = Date.now();
  if (isHeld) {
    ctx.sql.exec("UPDATE folders SET checked_at = ? WHERE id = ?", now, folder.id);
    return;
  }
  // Of a reading of the flags that took several wake-ups, the first one counts.
  const modseq = ctx.storage.kv.get<string>(scanNote(folder.id));
  if (modseq !== undefined) ctx.storage.kv.delete(scanNote(folder.id));
  ctx.sql.exec(
    `UPDATE folders SET uidnext = ?1, modseq = ?2, server_total = ?3, server_unseen = ?4, checked_at = ?5,
       flags_at = iif(?6, ?5, flags_at) WHERE id = ?7`,
    ...[server.uidnext, modseq ?? server.modseq, server.total, unseen, now, Number(isFull), folder.id],
  );
}
