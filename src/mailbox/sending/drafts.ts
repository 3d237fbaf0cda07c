import { rowOf, rowsOf } from "../../platform/rows.ts";
import type { MailboxContext } from "../context.ts";
import type { OutgoingMail } from "../contract.ts";
import { notFound } from "../errors.ts";
import type { FoundMessage } from "../store/found.ts";
import { rewriteMessage } from "../store/messages.ts";
import { addPlaces, localUid, movePlace, removePlaces, setFlags } from "../store/mirror.ts";
import type { ServerPlace } from "../store/pending.ts";
import { outlineOf } from "./compose.ts";
import type { Findable } from "./finding.ts";
import { type Letter, letterOf } from "./letter.ts";
import { foundOf, keepBody } from "./local-message.ts";
import { localPlaceOf, ownFolder } from "./own-folders.ts";

/** An earlier version of a draft on the server: where it is, or, if that is not known, by what it is found. */
export type Replaced = ServerPlace | Findable;

/** A draft that the server does not have yet as it is. */
export interface PendingDraft {
  messageId: string;
  letter: Letter;
  replaces: Replaced[];
  attempts: number;
}

const FLAGS = ["\\Draft"];

/**
 * Saves a draft: here at once, on the server soon after. With `draftId` it takes the place of that draft, and keeps its id.
 * @throws MailError INVALID, TOO_LARGE; NOT_FOUND for the id of no draft
 */
export async function saveDraft(
  ctx: MailboxContext,
  mail: OutgoingMail,
  draftId: string | null,
): Promise<{ draftId: string; createdAt: number }> {
  const letter = letterOf(ctx, mail);
  const outline = await outlineOf(letter, { isDraft: true });
  const message = await foundOf(letter, outline);
  const saved = ctx.storage.transactionSync(() => {
    const id = draftId === null ? added(ctx, letter, message) : rewritten(ctx, draftId, letter, message);
    keepBody(ctx, id, outline);
    const row = rowOf<{ created_at: number }>(ctx, "SELECT created_at FROM messages WHERE id = ?", id);
    return { draftId: id, createdAt: row?.created_at ?? letter.date };
  });
  await ctx.wake();
  return saved;
}

/** Makes a draft of a mail that could not be sent. */
export function keepAsDraft(ctx: MailboxContext, messageId: string, letter: Letter): void {
  const from = localPlaceOf(ctx, messageId);
  if (!from) return;
  const to = newPlace(ctx);
  movePlace(ctx, from, to);
  setFlags(ctx, to.folderId, [{ uid: to.uid, isRead: true, flags: FLAGS }]);
  putDraft(ctx, messageId, letter, []);
}

function newPlace(ctx: MailboxContext) {
  const { id } = ownFolder(ctx, "drafts");
  return { folderId: id, uid: localUid(ctx, id) };
}

function added(ctx: MailboxContext, letter: Letter, message: FoundMessage): string {
  const { folderId, uid } = newPlace(ctx);
  const place = { uid, isRead: true, flags: FLAGS, message };
  const [draft] = addPlaces(ctx, folderId, [place], { isHistory: false });
  if (!draft) throw new Error("A place was not added");
  putDraft(ctx, draft.id, letter, []);
  return draft.id;
}

/** @throws MailError NOT_FOUND for the id of no draft */
function rewritten(ctx: MailboxContext, id: string, letter: Letter, message: FoundMessage): string {
  const places = rowsOf<{ folder_id: string; uid: number; uidvalidity: string | null }>(
    ctx,
    `SELECT p.folder_id, p.uid, f.uidvalidity FROM places p JOIN folders f ON f.id = p.folder_id
     WHERE p.message_id = ? AND f.type = 'drafts' ORDER BY p.uid`,
    id,
  );
  const [first, ...others] = places;
  if (!first) throw notFound("Draft");
  movePlace(ctx, { folderId: first.folder_id, uid: first.uid }, newPlace(ctx));
  for (const { folder_id, uid } of others) removePlaces(ctx, folder_id, [uid]);
  rewriteMessage(ctx, id, message);
  const replaces = places
    .filter(({ uid }) => uid > 0)
    .map(({ folder_id, uid, uidvalidity }) => ({ folderId: folder_id, uid, uidvalidity: uidvalidity ?? "" }));
  putDraft(ctx, id, letter, replaces);
  return id;
}

function putDraft(ctx: MailboxContext, messageId: string, letter: Letter, replaces: Replaced[]): void {
  const earlier = draftOf(ctx, messageId);
  const all = [...(earlier?.replaces ?? []), ...replaces];
  // It may be on the server: its answer could be under way, or lost.
  if (earlier && earlier.attempts > 0) {
    const { id, internetMessageId, date } = earlier.letter;
    all.push({ id, internetMessageId, date });
  }
  const now = Date.now();
  ctx.sql.exec(
    "INSERT OR REPLACE INTO drafts (message_id, letter, replaces, due_at, updated_at) VALUES (?, ?, ?, ?, ?)",
    ...[messageId, JSON.stringify(letter), JSON.stringify(all), now, now],
  );
}

type DraftRow = { message_id: string; letter: string; replaces: string; attempts: number };

const COLUMNS = "message_id, letter, replaces, attempts";

const toDraft = ({ message_id, letter, replaces, attempts }: DraftRow): PendingDraft => ({
  messageId: message_id,
  letter: JSON.parse(letter),
  replaces: JSON.parse(replaces),
  attempts,
});

export function draftOf(ctx: MailboxContext, messageId: string): PendingDraft | undefined {
  const row = rowOf<DraftRow>(ctx, `SELECT ${COLUMNS} FROM drafts WHERE message_id = ?`, messageId);
  return row && toDraft(row);
}

/** The draft that has been due for longest. */
export function dueDraft(ctx: MailboxContext): PendingDraft | undefined {
  const row = rowOf<DraftRow>(
    ctx,
    `SELECT ${COLUMNS} FROM drafts WHERE due_at <= ? ORDER BY due_at LIMIT 1`,
    Date.now(),
  );
  return row && toDraft(row);
}
