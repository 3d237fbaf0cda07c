import { cuid } from "../../lib/cuid.ts";
import { toHex } from "../../lib/hex.ts";
import { rowOf } from "../../platform/rows.ts";
import type { MailboxContext } from "../context.ts";
import { parseFound } from "../mime/message.ts";
import type { PopClient } from "../pop3/client.ts";
import { download, keepRaw, type RawMail } from "../pop3/raw.ts";
import { withPop } from "../pop3/session.ts";
import { idsOf } from "../pop3/unique-ids.ts";
import type { FoundMessage } from "../store/found.ts";
import { addPlaces } from "../store/mirror.ts";
import { deleteMissing } from "./deletion.ts";
import { keyOf } from "./identity.ts";
import type { Progress } from "./progress.ts";

/** What a pass may do before others get their turn: then the next pass is due at once. */
const BUDGET = { mails: 2000, ms: 20_000 };

/** POP3 has the inbox alone. The others are only here. */
const FOLDERS = [
  ["INBOX", "inbox"],
  ["Sent", "sent"],
  ["Drafts", "drafts"],
  ["Junk", "spam"],
  ["Trash", "trash"],
] as const;

/** The inbox, with what the last complete pass has seen. */
type Inbox = { id: string; uidnext: number | null; seen: string | null; synced_low: number | null };

/**
 * Reads the new mails of a POP3 server, the newest first. Nothing is ever deleted there. A mail that is gone from the
 * server stays here: another program may take the mails away as it reads them.
 * @throws MailError as `withPop` does; what was read until then stays
 */
export async function syncPop(ctx: MailboxContext, progress: Progress) {
  addFolders(ctx);
  return withPop(ctx, async (client) => {
    const sizes = await client.sizes();
    const listed = await idsOf(client, sizes);
    const seen = await digestOf(listed);
    const inbox = inboxOf(ctx);
    const news = inbox.seen === seen ? [] : newAmong(ctx, listed);
    progress.begin(listed.size - news.length, listed.size);
    const done = await readMails(ctx, client, progress, { news, sizes, live: new Set(listed.values()) });
    const isComplete = done === news.length;
    noteSeen(ctx, inbox, isComplete ? seen : null);
    // Drafts that were replaced: of the server's mails each has a place.
    if (isComplete) await deleteMissing(ctx, Date.now());
    return { isComplete, folders: 1, capabilities: client.capabilities };
  });
}

interface Work {
  /** The newest first. */
  news: { number: number; id: string }[];
  sizes: Map<number, number>;
  /** All ids that the server has. */
  live: Set<string>;
}

/** @returns how many of the new mails have been read */
async function readMails(
  ctx: MailboxContext,
  client: PopClient,
  progress: Progress,
  { news, sizes, live }: Work,
): Promise<number> {
  const end = Date.now() + BUDGET.ms;
  let done = 0;
  for (const { number, id } of news) {
    if (!client.isOpen || done >= BUDGET.mails || Date.now() > end) break;
    const size = sizes.get(number) ?? 0;
    const mail = await download(client, number, size);
    // Another program may have deleted it since it was listed.
    if (mail) await keepMail(ctx, progress, { ...mail, id, size }, live);
    done++;
  }
  return done;
}

/**
 * Puts a mail into the inbox, and into the bucket. Its id is noted at the end: after a crash before that it is read again,
 * and found to be here.
 */
async function keepMail(
  ctx: MailboxContext,
  progress: Progress,
  { id, size, bytes, isCut }: RawMail & { id: string; size: number },
  live: Set<string>,
): Promise<void> {
  const { date, ...found } = parseFound(bytes);
  const whole = isCut ? Math.max(size, bytes.length + 1) : bytes.length;
  const { internetMessageId, from } = found;
  const key = await keyOf({ internetMessageId, date, from: from.address, size: whole });
  const message = { ...found, key, size: whole, ...(isCut ? { preview: null, parts: [] } : {}) };
  const messageId = unclaimed(ctx, key, live) ?? addToInbox(ctx, progress, message);
  await keepRaw(ctx, messageId, bytes);
  ctx.sql.exec("INSERT OR IGNORE INTO pop_mails (id, message_id) VALUES (?, ?)", id, messageId);
}

/** A message of the inbox with this key that no mail on the server claims: after a crash, or when all ids have changed. */
function unclaimed(ctx: MailboxContext, key: string, live: Set<string>): string | undefined {
  const rows = ctx.sql.exec<{ message_id: string; id: string | null }>(
    `SELECT m.id AS message_id, u.id FROM messages m LEFT JOIN pop_mails u ON u.message_id = m.id
     WHERE (m.key = ?1 OR (m.key > ?1 || '#' AND m.key < ?1 || '$')) AND EXISTS (
       SELECT 1 FROM places p JOIN folders f ON f.id = p.folder_id
       WHERE p.message_id = m.id AND (f.type = 'inbox' OR u.id IS NOT NULL))`,
    key,
  );
  const claimed = new Map<string, boolean>();
  for (const { message_id, id } of rows)
    claimed.set(message_id, claimed.get(message_id) || (id !== null && live.has(id)));
  return [...claimed].find(([, isClaimed]) => !isClaimed)?.[0];
}

function addToInbox(ctx: MailboxContext, progress: Progress, message: FoundMessage): string {
  const added = progress.step(() => {
    const inbox = inboxOf(ctx);
    const uid = inbox.uidnext ?? 1;
    ctx.sql.exec("UPDATE folders SET uidnext = ? WHERE id = ?", uid + 1, inbox.id);
    const place = { uid, isRead: false, flags: [], message };
    const [found] = addPlaces(ctx, inbox.id, [place], { isHistory: inbox.synced_low !== 1 });
    return { messagesAdded: 1, id: found!.id };
  });
  return added.id;
}

/** The mails that are not here, the newest first. An id that is listed twice is of two copies of one mail. */
function newAmong(ctx: MailboxContext, listed: Map<number, string>): Work["news"] {
  const taken = new Set<string>();
  return [...listed]
    .sort(([a], [b]) => b - a)
    .flatMap(([number, id]) => {
      const isKnown = taken.has(id) || rowOf(ctx, "SELECT 1 AS here FROM pop_mails WHERE id = ?", id);
      taken.add(id);
      return isKnown ? [] : { number, id };
    });
}

/** What tells one list from another: so that an unchanged one costs no reading of rows. */
async function digestOf(listed: Map<number, string>): Promise<string> {
  const text = new TextEncoder().encode([...listed].map((entry) => entry.join(" ")).join("\n"));
  return toHex(new Uint8Array(await crypto.subtle.digest("SHA-256", text)));
}

function inboxOf(ctx: MailboxContext): Inbox {
  return rowOf<Inbox>(
    ctx,
    "SELECT id, uidnext, modseq AS seen, synced_low FROM folders WHERE path = 'INBOX'",
  )!;
}

/** @param seen null after a pass that is not complete */
function noteSeen(ctx: MailboxContext, { id, synced_low }: Inbox, seen: string | null): void {
  ctx.sql.exec(
    "UPDATE folders SET modseq = ?, synced_low = ? WHERE id = ?",
    ...[seen, seen === null ? synced_low : 1, id],
  );
  ctx.sql.exec("UPDATE folders SET checked_at = ? WHERE is_local = 1", Date.now());
}

function addFolders(ctx: MailboxContext): void {
  ctx.storage.transactionSync(() => {
    for (const [path, type] of FOLDERS) {
      ctx.sql.exec(
        `INSERT INTO folders (id, path, type, is_local) SELECT ?, ?, ?, 1
         WHERE NOT EXISTS (SELECT 1 FROM folders WHERE path = ? OR type = ?)`,
        ...[cuid(), path, type, path, type],
      );
    }
  });
}
