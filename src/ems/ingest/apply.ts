import { sha256Hex } from "../../lib/hmac.ts";
import { uuidv7 } from "../../lib/ids.ts";
import { isHtml } from "../../lib/text.ts";
import { sql } from "../../platform/d1/sql.ts";
import { enqueueDownload } from "../attachments/fetch.ts";
import { batch, type Ctx, ofCompany } from "../context.ts";
import { notifyHub } from "../events/hub-client.ts";
import type { ProviderMessage } from "../provider/port.ts";
import { type Body, type BodyColumns, loadBody, storeBody } from "./bodies.ts";
import { enqueueBounce, mayBeBounce } from "./bounces.ts";
import { type Existing, findExisting, type StoredMessage } from "./existing.ts";
import { type FilePlan, isUnchanged, planFiles, selectFiles, writeFiles } from "./files.ts";
import { fileMessage, learnAlias, loadFolderFacts } from "./folders.ts";
import { isMoved } from "./moves.ts";
import { isSame, type MailAccount, mergeState, type Observed, onlyMissing, type State } from "./state.ts";
import type { ApplyResult, MessageUpdate } from "./update.ts";
import { insertStatements, sentStatements, updateStatements } from "./writing.ts";

/**
 * Brings a stored message to the provider's state. All mail enters the database here: notifications, backfill and
 * sent mail, repeated and in any order. One batch writes message, thread, attachments, the sender's read state and
 * events.
 * @throws ProviderError when the provider's rate limit is reached
 * @throws Error after losing to concurrent updates three times; the caller retries
 */
export async function applyMessage(
  ctx: Ctx,
  account: MailAccount,
  update: MessageUpdate,
): Promise<ApplyResult> {
  const companyCtx = ofCompany(ctx, account.company_id);
  const { sent, observedAt, silent } = update;
  for (let attempt = 0; attempt < 3; attempt++) {
    const existing = await findExisting(companyCtx, account, update.message);
    if (existing.deletedAt !== null && observedAt <= existing.deletedAt)
      return { id: null, isNewOutbound: false, outcome: "deleted" };
    const folderFacts = await loadFolderFacts(companyCtx, account, update.message, existing.folders);
    const stored = existing.stored ?? (await findMoved(companyCtx, account, existing, update));
    const isOlder = stored && !sent && observedAt < stored.observed_at;
    const message = isOlder ? onlyMissing(stored, update.message, observedAt) : update.message;
    const digest = message.body === undefined ? null : await sha256Hex(message.body);
    const isMarkup = message.body !== undefined && (sent !== undefined || isHtml(message.body));
    const files = await planMessageFiles(companyCtx, stored, message, isMarkup);
    const filing = sent ? fileSent(stored) : isOlder ? stored : fileMessage(folderFacts, stored);
    if (!stored && filing.folder === "drafts") return { id: null, isNewOutbound: false, outcome: "ignored" };
    const state = mergeState(stored, message, filing, digest, isMarkup, files);
    // For an older update, `onlyMissing` keeps body and files only if they are newer than the stored ones.
    const hasNewParts = isOlder && (message.body !== undefined || message.attachments !== undefined);
    if (
      existing.stored &&
      !sent &&
      !hasNewParts &&
      isSame(existing.stored, state) &&
      (!files || isUnchanged(files))
    ) {
      // The first delivery may have died after its commit, before it notified the hub.
      if (!silent) notifyHub(companyCtx, account.company_id);
      if (existing.stored.threaded_by === "none")
        await enqueueIfBounce(companyCtx, { ...account, id: existing.stored.id }, state, update);
      return { id: existing.stored.id, isNewOutbound: false, outcome: "unchanged" };
    }

    const effective = { ...update, message };
    const body = await storeNewBody(companyCtx, account, stored, state, effective, isMarkup);
    const recentlyDeleted = stored || sent ? undefined : existing.recentlyDeleted;
    const id = stored?.id ?? recentlyDeleted?.message_id ?? uuidv7();
    const columns = { ...state, ...body, ...observedOf(effective) };
    const results = await batch(companyCtx, [
      ...(stored
        ? updateStatements(stored, columns, effective)
        : insertStatements(id, account, columns, effective, recentlyDeleted)),
      ...(stored ? [] : learnAlias(account, folderFacts, state.from_address)),
      ...(files ? writeFiles(id, update.cause, files) : []),
      ...(sent ? sentStatements(id, account, state, sent) : []),
    ]);
    // Only the message's own statement returns a row. None means a concurrent delivery was first.
    if (results.every((rows) => rows.length === 0)) continue;

    if (!silent) notifyHub(companyCtx, account.company_id);
    if (files?.inserted.length) await enqueueDownload(companyCtx, account.company_id, id);
    await enqueueIfBounce(companyCtx, { ...account, id }, state, update);
    const isNewOutbound = !stored && !sent && state.direction === "outbound";
    return { id, isNewOutbound, outcome: stored ? "updated" : "created" };
  }
  throw new Error(`Message ${update.message.id} kept changing under this delivery`);
}

/**
 * Enqueues the job that reads a possible bounce. Repeated deliveries enqueue it again until the mail has joined a
 * thread, since the first job may be lost.
 */
async function enqueueIfBounce(
  ctx: Ctx,
  stored: { id: string; company_id: number },
  { direction }: State,
  { message }: MessageUpdate,
): Promise<void> {
  if (direction === "inbound" && mayBeBounce(message)) await enqueueBounce(ctx, stored, message.references);
}

/** Finds the stored message that was moved to another folder and got this new id. */
async function findMoved(
  ctx: Ctx,
  account: MailAccount,
  { stored, candidate }: Existing,
  { message, sent }: MessageUpdate,
): Promise<StoredMessage | undefined> {
  if (stored || sent || !candidate) return undefined;
  if (!(await isMoved(ctx, account, candidate, message))) return undefined;
  return { ...candidate, files: await ctx.db.all(selectFiles(sql`${candidate.id}`)) };
}

/** Mail sent by our users stays outbound, whatever folder the provider reports. */
const fileSent = (stored: StoredMessage | undefined): Pick<State, "folder" | "direction"> => ({
  folder: stored && stored.folder !== "drafts" ? stored.folder : "sent",
  direction: "outbound",
});

/**
 * Plans the changes of a message's files.
 * @returns null when the update has neither files nor a body that could change which are inline
 */
async function planMessageFiles(
  ctx: Ctx,
  stored: StoredMessage | undefined,
  { body, attachments }: ProviderMessage,
  isMarkup: boolean,
): Promise<FilePlan | null> {
  const existing = stored?.files ?? [];
  if (!attachments && (body === undefined || existing.length === 0)) return null;
  const html = async () => {
    if (body !== undefined) return isMarkup ? body : null;
    return stored ? (await loadBody(ctx, stored)).body_html : null;
  };
  return planFiles(existing, attachments, html);
}

/** The times to store for the body and files of an update. */
const observedOf = ({ message, observedAt }: MessageUpdate): Partial<Observed> => ({
  ...(message.body === undefined ? {} : { body_observed_at: observedAt }),
  ...(message.attachments === undefined ? {} : { files_observed_at: observedAt }),
});

/** Stores a new body. @returns the body columns to write; undefined when the body is unchanged */
async function storeNewBody(
  ctx: Ctx,
  account: MailAccount,
  stored: StoredMessage | undefined,
  state: State,
  { message, sent }: MessageUpdate,
  isMarkup: boolean,
): Promise<BodyColumns | undefined> {
  if (message.body === undefined || (!sent && stored && stored.body_digest === state.body_digest)) {
    return stored ? undefined : { body_html: null, body_text: null, body_key: null };
  }
  // Providers return no plain-text alternative of HTML mail, so keep the text that we sent.
  const text = sent ? sent.text : stored ? (await loadBody(ctx, stored)).body_text : null;
  const body: Body = isMarkup
    ? { body_html: message.body, body_text: text }
    : { body_html: null, body_text: message.body };
  return storeBody(ctx, account.company_id, body);
}
