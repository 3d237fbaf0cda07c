import { uuidv7 } from "../../lib/ids.ts";
import { nowSeconds } from "../../lib/time.ts";
import { sql } from "../../platform/d1/sql.ts";
import { log } from "../../platform/log.ts";
import type { Ctx } from "../context.ts";
import { isProviderError, ProviderError, type ProviderMessage } from "../provider/port.ts";
import { LONGEST_SEND_SECONDS } from "../providers.ts";
import { releaseVersion } from "../threads/version.ts";
import { enqueue, findEntry, loadMail, type OutboxRow, transition } from "./entry.ts";
import { type Outgoing, recordSent, toOutgoingMail } from "./sent.ts";

// queued ──▶ sending ──▶ sent           queued: sent at send_at, can be cancelled until then
//   ▲           │ ▲  └─▶ failed         failed: nothing was sent, for certain
//   │           ▼ │                     unknown: the provider may have sent it; a job finds out
//   └─ limit  unknown                   sending with an expired lease: the Worker died; treated as unknown

/** Longer than a send may take. Until the lease ends, no other caller may claim the entry. */
export const LEASE_SECONDS = LONGEST_SEND_SECONDS + 50;
/** How long to search the mailbox for a mail whose outcome is unknown. */
const SEARCH_SECONDS = 24 * 3600;
const MAX_ATTEMPTS = 8;

/** The entry after an attempt to send, and the provider's error if it did not send. */
export interface Attempt {
  entry: OutboxRow;
  error: ProviderError | null;
}

/**
 * Claims an entry, then sends it or finds out whether it was sent.
 * @param row as read: `queued` and due, `unknown`, or `sending` with an expired lease
 * @returns undefined when another caller has claimed it
 */
export async function claimAndSend(ctx: Ctx, row: OutboxRow): Promise<Attempt | undefined> {
  const claimed = await transition(
    ctx,
    row,
    "sending",
    sql`attempts = attempts + 1, tried_at = coalesce(tried_at, unixepoch()), due_at = unixepoch() + ${LEASE_SECONDS}`,
  );
  return claimed && sendClaimed(ctx, claimed, row.tried_at !== null);
}

/**
 * Sends an entry that the caller has claimed.
 * @param mayBeSent whether an earlier attempt under the same key may have sent it
 * @throws Error when a binding fails, for up to a day after the first attempt
 */
export async function sendClaimed(ctx: Ctx, entry: OutboxRow, mayBeSent: boolean): Promise<Attempt> {
  try {
    return await tryToSend(ctx, entry, mayBeSent);
  } catch (error) {
    // Either a binding is down or the entry itself is broken. After a day of failures, treat it as broken.
    if (nowSeconds() - (entry.tried_at ?? nowSeconds()) <= SEARCH_SECONDS) throw error;
    log("error", "outbox.given_up", { outbox: entry.id, error });
    return {
      entry: await closeEntry(ctx, entry, "unknown", "Every attempt failed for a day"),
      error: null,
    };
  }
}

async function tryToSend(ctx: Ctx, entry: OutboxRow, mayBeSent: boolean): Promise<Attempt> {
  const outgoing = { entry, account: await loadAccount(ctx, entry), mail: await loadMail(ctx, entry) };
  try {
    const sent = await sendOrFind(ctx, outgoing, mayBeSent);
    if (sent) return { entry: await recordSent(ctx, outgoing, sent), error: null };
    return { entry: await markUnknown(ctx, outgoing, "The mailbox has no trace of it yet"), error: null };
  } catch (error) {
    if (!isProviderError(error)) throw error;
    return { entry: await recordFailure(ctx, outgoing, error, mayBeSent), error };
  }
}

async function loadAccount({ db }: Ctx, { id, account_id }: OutboxRow): Promise<Outgoing["account"]> {
  const [account] = await db.all(sql<Outgoing["account"]>`
    SELECT id, company_id, email_address, grant_id, grant_provider, status FROM ems_accounts WHERE id = ${account_id}`);
  if (!account) throw new Error(`The account of outbox entry ${id} is gone`);
  return account;
}

/** How long the provider remembers a key. After that the same key would send a second mail. */
const keySecondsOf = (ctx: Ctx, { account }: Outgoing): number =>
  ctx.providerOf(account).capabilities(account.grant_provider).keySeconds;

/**
 * Sends under the entry's key while the provider remembers it. Later, and without a key, it only searches the mailbox.
 * @returns null when the search finds nothing
 * @throws ProviderError when the provider refuses or fails
 */
async function sendOrFind(ctx: Ctx, outgoing: Outgoing, mayBeSent: boolean): Promise<ProviderMessage | null> {
  const { entry, account, mail } = outgoing;
  const { id, provider_key, tried_at } = entry;
  const grant = account.status === "disconnected" ? null : account.grant_id;
  if (!grant) throw new ProviderError("grant_dead", "the mailbox is disconnected", null);
  const provider = ctx.providerOf(account);
  const triedAt = tried_at ?? nowSeconds();
  const find = () => provider.findSent(grant, { marker: id, after: triedAt - 600, before: triedAt + 7200 });
  if (!provider_key || nowSeconds() - triedAt >= keySecondsOf(ctx, outgoing)) return find();
  return provider.send(grant, toOutgoingMail(ctx, mail, id), provider_key).catch(async (error) => {
    // The provider may refuse before it looks up the key. Trust a refusal only if the mailbox has no such mail.
    const isDoubtful = mayBeSent && isProviderError(error, "refused");
    const found = isDoubtful ? await find() : null;
    if (found) return found;
    throw error;
  });
}

/**
 * On a first attempt any definite error proves that nothing was sent. On a retry only `refused` does: other errors
 * may come from a gateway although an earlier attempt succeeded.
 */
async function recordFailure(
  ctx: Ctx,
  outgoing: Outgoing,
  error: ProviderError,
  mayBeSent: boolean,
): Promise<OutboxRow> {
  const { entry } = outgoing;
  const isProof =
    error.fault === "refused" || (!mayBeSent && !["unknown", "in_progress"].includes(error.fault));
  if (!isProof) return markUnknown(ctx, outgoing, error.message, error.retryAfterSeconds);
  const isDeferred = entry.send_at > entry.created_at;
  if (isDeferred && error.fault === "rate_limited" && entry.attempts < MAX_ATTEMPTS) {
    return postpone(ctx, entry, error);
  }
  return closeEntry(ctx, entry, "failed", error.message);
}

/** The provider also replays errors by key, so the next attempt needs a new key. */
async function postpone(ctx: Ctx, entry: OutboxRow, error: ProviderError): Promise<OutboxRow> {
  const delay = error.retryAfterSeconds ?? Math.min(30 * 2 ** entry.attempts, 3600);
  const changes = sql`
    provider_key = ${uuidv7()}, tried_at = NULL, due_at = unixepoch() + ${delay}, detail = ${error.message}`;
  return scheduleNext(ctx, entry, await transition(ctx, entry, "queued", changes), delay);
}

async function markUnknown(
  ctx: Ctx,
  outgoing: Outgoing,
  detail: string,
  retryAfterSeconds: number | null = null,
): Promise<OutboxRow> {
  const { entry } = outgoing;
  const age = nowSeconds() - (entry.tried_at ?? 0);
  if (age > SEARCH_SECONDS) {
    const verdict = "A day later the mailbox has no trace of it: look before you send it again";
    return closeEntry(ctx, entry, "unknown", verdict);
  }
  const delay =
    retryAfterSeconds ?? Math.min(2 ** entry.attempts, age < keySecondsOf(ctx, outgoing) ? 300 : 7200);
  const changes = sql`due_at = unixepoch() + ${delay}, detail = ${detail}`;
  return scheduleNext(ctx, entry, await transition(ctx, entry, "unknown", changes), delay);
}

/**
 * Moves an entry to its last state. Unless the outcome is unknown, releases the thread version it claimed.
 * @returns the entry as stored now
 */
export async function closeEntry(
  ctx: Ctx,
  entry: OutboxRow,
  state: "failed" | "unknown" | "cancelled",
  detail: string | null,
): Promise<OutboxRow> {
  const finished = await transition(ctx, entry, state, sql`due_at = NULL, detail = ${detail}`);
  if (finished && state !== "unknown") await releaseClaim(ctx, finished);
  return scheduleNext(ctx, entry, finished, null);
}

async function releaseClaim(ctx: Ctx, { company_id, thread_id, thread_version }: OutboxRow): Promise<void> {
  if (thread_id && thread_version !== null) await releaseVersion(ctx, company_id, thread_id, thread_version);
}

/**
 * Enqueues the next job for an entry.
 * @param moved the result of `transition`
 * @param delay seconds until that job; null for none
 * @returns the entry as stored now
 */
async function scheduleNext(
  ctx: Ctx,
  entry: OutboxRow,
  moved: OutboxRow | undefined,
  delay: number | null,
): Promise<OutboxRow> {
  if (moved && delay !== null) {
    // If the queue fails, cron finds the entry by its due time.
    await enqueue(ctx, entry, delay).catch((error) => log("warn", "outbox.not_enqueued", { error }));
  }
  return moved ?? (await findEntry(ctx, entry.id)) ?? entry;
}
