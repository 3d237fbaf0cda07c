import { sql } from "drizzle-orm/sql";
import { uuidv7 } from "../../lib/ids.ts";
import { nowSeconds } from "../../lib/time.ts";
import { log } from "../../platform/log.ts";
import type { Ctx } from "../context.ts";
import { isProviderError, ProviderError, type ProviderMessage } from "../provider/port.ts";
import { LONGEST_SEND_SECONDS } from "../providers.ts";
import { releaseVersion } from "../threads/version.ts";
import { enqueue, findEntry, loadMail, type OutboxRow, transition } from "./entry.ts";
import { type Outgoing, recordSent, toOutgoingMail } from "./sent.ts";

// queued ──▶ sending ──▶ sent           queued: leaves at send_at, may be cancelled until then
//   ▲           │ ▲  └─▶ failed         failed: it is known that nothing was sent
//   │           ▼ │                     unknown: the provider may have sent it; a job finds out
//   └─ limit  unknown                   sending, its lease over: the Worker died; the same as unknown

/** Longer than a send may take: until then nobody else touches the entry. */
export const LEASE_SECONDS = LONGEST_SEND_SECONDS + 50;
/** How long an unknown mail is looked for in the mailbox. */
const SEARCH_SECONDS = 24 * 3600;
const MAX_ATTEMPTS = 8;

/** What came of an attempt: the entry, and what the provider said if it did not send. */
export interface Attempt {
  entry: OutboxRow;
  error: ProviderError | null;
}

/**
 * Takes an entry and brings it as far as it gets: sends it, or finds out whether it was sent.
 * @param row as it was read: `queued` and due, `unknown`, or `sending` with its lease over
 * @returns undefined when somebody else has it
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
 * Sends an entry whose lease is the caller's.
 * @param mayBeSent whether the provider may have sent it before under the same key
 */
export async function sendClaimed(ctx: Ctx, entry: OutboxRow, mayBeSent: boolean): Promise<Attempt> {
  try {
    return await tryToSend(ctx, entry, mayBeSent);
  } catch (error) {
    // Something around us fails, or the entry itself is broken: after a day it is taken for broken.
    if (nowSeconds() - (entry.tried_at ?? nowSeconds()) <= SEARCH_SECONDS) throw error;
    log("error", "outbox.given_up", { id: entry.id, error });
    return {
      entry: await closeEntry(ctx, entry, "unknown", "It could not be worked on for a day"),
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

const keySecondsOf = (ctx: Ctx, { account }: Outgoing): number =>
  ctx.providerOf(account).capabilities(account.grant_provider).keySeconds;

/** Sends under the entry's key while the provider remembers that; later it only looks for the mail. */
async function sendOrFind(ctx: Ctx, outgoing: Outgoing, mayBeSent: boolean): Promise<ProviderMessage | null> {
  const { entry, account, mail } = outgoing;
  const { id, provider_key, tried_at } = entry;
  const grant = account.status === "disconnected" ? null : account.grant_id;
  if (!grant) throw new ProviderError("grant_dead", "the mailbox is disconnected", null);
  const provider = ctx.providerOf(account);
  const triedAt = tried_at ?? nowSeconds();
  const find = () => provider.findSent(grant, { marker: id, after: triedAt - 600, before: triedAt + 7200 });
  if (nowSeconds() - triedAt >= keySecondsOf(ctx, outgoing)) return find();
  return provider.send(grant, toOutgoingMail(ctx, mail, id), provider_key).catch(async (error) => {
    // A refusal may come from before the key was looked at: it counts only if the mailbox does not have the mail.
    const isDoubtful = mayBeSent && isProviderError(error, "refused");
    const found = isDoubtful ? await find() : null;
    if (found) return found;
    throw error;
  });
}

/**
 * On a first attempt any definite error proves that nothing was sent. On a retry only `refused` does: another error
 * may come from a gateway although the earlier attempt succeeded.
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

/** Errors are remembered under a key as well: the next attempt needs another. */
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

/** Nothing more is to be done about it. */
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

/** @param delay in seconds, until a job is to look again; null for never */
async function scheduleNext(
  ctx: Ctx,
  entry: OutboxRow,
  moved: OutboxRow | undefined,
  delay: number | null,
): Promise<OutboxRow> {
  if (moved && delay !== null) {
    // Its row says when it is due, so cron makes up for a queue that fails.
    await enqueue(ctx, entry.id, delay).catch((error) => log("warn", "outbox.not_enqueued", { error }));
  }
  return moved ?? (await findEntry(ctx, entry.id)) ?? entry;
}
