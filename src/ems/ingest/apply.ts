import { sql } from "drizzle-orm/sql";
import { sha256Hex } from "../../lib/hmac.ts";
import { uuidv7 } from "../../lib/ids.ts";
import { isHtml } from "../../lib/text.ts";
import { enqueueDownload } from "../attachments/fetch.ts";
import { batch, type Ctx, ofCompany } from "../context.ts";
import { notifyHub } from "../events/hub-client.ts";
import type { ProviderMessage } from "../provider/port.ts";
import type { Applied, Applying } from "./applying.ts";
import { type Body, type BodyColumns, loadBody, storeBody } from "./bodies.ts";
import { enqueueBounce, mayBeBounce } from "./bounces.ts";
import { type FilePlan, isUnchanged, planFiles, selectFiles, writeFiles } from "./files.ts";
import { filingOf, learnAlias, place } from "./folders.ts";
import { findKnown, type Known, type Stored } from "./known.ts";
import { isMoved } from "./moves.ts";
import { isSame, type MailAccount, mergeState, type Observed, onlyMissing, type State } from "./state.ts";
import { change, creation, sentStatements } from "./writing.ts";

/**
 * Brings a message to the state that the provider tells: the one way by which mail gets into the database,
 * whether it came by notification, by backfill or from our own sending, once or repeatedly, in any order.
 * Message, thread, attachments, the sender's read state and events are written in one batch.
 * @throws Error when other deliveries of the same message kept coming in between; the caller tries again
 */
export async function applyMessage(
  anywhere: Ctx,
  account: MailAccount,
  applying: Applying,
): Promise<Applied> {
  const ctx = ofCompany(anywhere, account.company_id);
  const { sent, observedAt, silent } = applying;
  for (let attempt = 0; attempt < 3; attempt++) {
    const known = await findKnown(ctx, account, applying.message);
    if (known.deletedAt !== null && observedAt <= known.deletedAt)
      return { id: null, isNewOutbound: false, outcome: "deleted" };
    const filing = await filingOf(ctx, account, applying.message, known.folders);
    const stored = known.stored ?? (await movedFrom(ctx, account, known, applying));
    const isOlder = stored && !sent && observedAt < stored.observed_at;
    const message = isOlder ? onlyMissing(stored, applying.message, observedAt) : applying.message;
    const digest = message.body === undefined ? null : await sha256Hex(message.body);
    const isMarkup = message.body !== undefined && (sent !== undefined || isHtml(message.body));
    const files = await filesOf(ctx, stored, message, isMarkup);
    const placed = sent ? placeSent(stored) : isOlder ? stored : place(filing, stored);
    if (!stored && placed.folder === "drafts") return { id: null, isNewOutbound: false, outcome: "ignored" };
    const state = mergeState(stored, message, placed, digest, isMarkup, files);
    // An older notification has a body or files only where they are news, if only by their time.
    const isNews = isOlder && (message.body !== undefined || message.attachments !== undefined);
    if (known.stored && !sent && !isNews && isSame(known.stored, state) && (!files || isUnchanged(files))) {
      // The first delivery may have died between its commit and its ring.
      if (!silent) notifyHub(ctx, account.company_id);
      if (known.stored.threaded_by === "none") await readLater(ctx, known.stored.id, state, applying);
      return { id: known.stored.id, isNewOutbound: false, outcome: "unchanged" };
    }

    const told = { ...applying, message };
    const body = await placeBody(ctx, account, stored, state, told, isMarkup);
    const departed = stored || sent ? undefined : known.departed;
    const id = stored?.id ?? departed?.message_id ?? uuidv7();
    const columns = { ...state, ...body, ...observedOf(told) };
    const results = await batch(ctx, [
      ...(stored ? change(stored, columns, told) : creation(id, account, columns, told, departed)),
      ...(stored ? [] : learnAlias(account, filing, state.from_address)),
      ...(files ? writeFiles(id, applying.cause, files) : []),
      ...(sent ? sentStatements(id, account, state, sent) : []),
    ]);
    // Only the message's own statement returns a row, and none when a concurrent delivery was first.
    if (results.every((rows) => rows.length === 0)) continue;

    if (!silent) notifyHub(ctx, account.company_id);
    if (files?.inserted.length) await enqueueDownload(ctx, id);
    await readLater(ctx, id, state, applying);
    const isNewOutbound = !stored && !sent && state.direction === "outbound";
    return { id, isNewOutbound, outcome: stored ? "updated" : "created" };
  }
  throw new Error(`Message ${applying.message.id} kept changing under this delivery`);
}

/** A mail that may be a bounce is read by a job: again, where it has found no thread, in case that was lost. */
async function readLater(ctx: Ctx, id: string, { direction }: State, { message }: Applying): Promise<void> {
  if (direction === "inbound" && mayBeBounce(message)) await enqueueBounce(ctx, id, message.references);
}

/** The stored message that this one is, under the id that it has since it was moved to another folder. */
async function movedFrom(
  ctx: Ctx,
  account: MailAccount,
  { stored, twin }: Known,
  { message, sent }: Applying,
): Promise<Stored | undefined> {
  if (stored || sent || !twin) return undefined;
  if (!(await isMoved(ctx, account, twin, message))) return undefined;
  return { ...twin, files: await ctx.db.all(selectFiles(sql`${twin.id}`)) };
}

/** What a user of ours has sent is sent, wherever the provider has put it by now. */
const placeSent = (stored: Stored | undefined): Pick<State, "folder" | "direction"> => ({
  folder: stored && stored.folder !== "drafts" ? stored.folder : "sent",
  direction: "outbound",
});

/** @returns null when neither the files nor the body that shows them were told */
async function filesOf(
  ctx: Ctx,
  stored: Stored | undefined,
  { body, attachments }: ProviderMessage,
  isMarkup: boolean,
): Promise<FilePlan | null> {
  const known = stored?.files ?? [];
  if (!attachments && (body === undefined || known.length === 0)) return null;
  const html = async () => {
    if (body !== undefined) return isMarkup ? body : null;
    return stored ? (await loadBody(ctx, stored)).body_html : null;
  };
  return planFiles(known, attachments, html);
}

/** When what was told of body and files was seen. */
const observedOf = ({ message, observedAt }: Applying): Partial<Observed> => ({
  ...(message.body === undefined ? {} : { body_observed_at: observedAt }),
  ...(message.attachments === undefined ? {} : { files_observed_at: observedAt }),
});

/** The body columns to write: none when the provider told no new body. */
async function placeBody(
  ctx: Ctx,
  account: MailAccount,
  stored: Stored | undefined,
  state: State,
  { message, sent }: Applying,
  isMarkup: boolean,
): Promise<BodyColumns | undefined> {
  if (message.body === undefined || (!sent && stored && stored.body_digest === state.body_digest)) {
    return stored ? undefined : { body_html: null, body_text: null, body_key: null };
  }
  // No provider tells the text alternative of an HTML mail: what we sent with it stays ours.
  const text = sent ? sent.text : stored ? (await loadBody(ctx, stored)).body_text : null;
  const body: Body = isMarkup
    ? { body_html: message.body, body_text: text }
    : { body_html: null, body_text: message.body };
  return storeBody(ctx, account, body);
}
