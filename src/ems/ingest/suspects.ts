import { nowSeconds } from "../../lib/time.ts";
import { type SQL, sql } from "../../platform/d1/sql.ts";
import { batch, type Ctx } from "../context.ts";
import { deleteMessage } from "./deletion.ts";
import type { ConnectedAccount } from "./state.ts";

// A suspect is a message that the provider may have deleted without notifying us. Pages and notifications only
// mark suspects. A sweep then asks the provider for each, and deletes those it does not have.

/** Sweeps overlap by this much, because mail can be dated before the provider lists it. */
export const OVERLAP_SECONDS = 3600;
/** How long the provider may take to list a message it announced. */
const SETTLING_SECONDS = 120;
/** Most suspects checked per account and sweep; the next sweep takes the rest. */
const ASKED_AT_ONCE = 50;
/** Most suspects marked per page. If a provider lists nothing at all, the audit reaches the rest later. */
const SUSPECTS_PER_PAGE = 500;
const POSTPONED_SECONDS = 1800;

/** True for a mail too old for future sweeps, which go by date. Only the slow audit would reach it. */
export const isBeforeSweeps = (sentAt: number): boolean => sentAt < nowSeconds() - OVERLAP_SECONDS;

/**
 * Marks a message that a notification created. If it was deleted before, nothing would report that again. Run it
 * in the batch that creates the message.
 */
export const suspectCreated = (id: string): SQL => sql`
  INSERT INTO ems_suspects (account_id, provider_message_id, ask_at)
  SELECT account_id, provider_message_id, ${nowSeconds() + SETTLING_SECONDS} FROM ems_messages WHERE id = ${id}
  ON CONFLICT DO NOTHING`;

/**
 * Marks stored messages of a time range that a page does not list.
 * @param shown the provider's ids on the page
 * @param covered the page's range, in seconds since the epoch, bounds included
 */
export const suspectMissing = (
  accountId: string,
  shown: string[],
  covered: { from: number; until: number },
): SQL => sql`
  INSERT INTO ems_suspects (account_id, provider_message_id, ask_at)
  SELECT account_id, provider_message_id, 0 FROM ems_messages
  WHERE account_id = ${accountId} AND hidden IN (0, 1) AND sent_at BETWEEN ${covered.from} AND ${covered.until}
    AND provider_message_id NOT IN (SELECT value FROM json_each(${JSON.stringify(shown)}))
  LIMIT ${SUSPECTS_PER_PAGE}
  ON CONFLICT (account_id, provider_message_id) DO NOTHING`;

/**
 * Checks an account's due suspects at the provider and deletes the missing ones.
 * @returns how many were deleted
 * @throws ProviderError when the provider fails; the suspect that caused it is postponed
 */
export async function askForSuspects(ctx: Ctx, account: ConnectedAccount): Promise<number> {
  const due = await ctx.db.all(sql<{ id: string; observed_at: number | null }>`
    SELECT s.provider_message_id AS id, m.observed_at FROM ems_suspects s
    LEFT JOIN ems_messages m ON m.account_id = s.account_id AND m.provider_message_id = s.provider_message_id
    WHERE s.account_id = ${account.id} AND s.ask_at <= ${nowSeconds()} LIMIT ${ASKED_AT_ONCE}`);
  const gone: { id: string; observed_at: number }[] = [];
  const cleared: string[] = [];
  for (const { id, observed_at } of due) {
    if (observed_at !== null && !(await isThere(ctx, account, id))) gone.push({ id, observed_at });
    else cleared.push(id);
  }
  // A revoked grant makes every message look missing. That is not a deletion.
  const isConnected = gone.length > 0 && (await ctx.providerOf(account).findGrant(account.grant_id)) !== null;
  for (const { id, observed_at } of isConnected ? gone : []) {
    // The provider's clock may be ahead of ours, and the deletion must not be older than the stored state.
    await deleteMessage(ctx, account, id, Math.max(observed_at, nowSeconds() * 1000));
    cleared.push(id);
  }
  if (cleared.length) {
    await batch(ctx, [
      sql`
        DELETE FROM ems_suspects WHERE account_id = ${account.id}
          AND provider_message_id IN (SELECT value FROM json_each(${JSON.stringify(cleared)}))`,
    ]);
  }
  return isConnected ? gone.length : 0;
}

async function isThere(ctx: Ctx, account: ConnectedAccount, id: string): Promise<boolean> {
  try {
    return (await ctx.providerOf(account).getMessage(account.grant_id, id)) !== null;
  } catch (error) {
    // Postpone it, so that one failing suspect does not block the others.
    await ctx.db.run(sql`
      UPDATE ems_suspects SET ask_at = ${nowSeconds() + POSTPONED_SECONDS}
      WHERE account_id = ${account.id} AND provider_message_id = ${id}`);
    throw error;
  }
}
