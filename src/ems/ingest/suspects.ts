import { type SQL, sql } from "drizzle-orm/sql";
import { nowSeconds } from "../../lib/time.ts";
import { batch, type Ctx } from "../context.ts";
import { deleteMessage } from "./deletion.ts";
import type { ConnectedAccount } from "./state.ts";

// A suspect is a message that the provider may have deleted without our having been told. Pages and notifications
// only cast suspicion; here the provider is asked for each, and what it does not have is deleted.

/** Each sweep looks again at the end of the one before: mail can get its date before the provider shows it. */
export const OVERLAP_SECONDS = 3600;
/** So long the provider gets to show what it has announced. */
const SETTLING_SECONDS = 120;
/** Of an account, so many a sweep: what is left is asked for by the next. */
const ASKED_AT_ONCE = 50;
/** Of what a page does not show. Should a provider show nothing at all, the audit comes round to the rest. */
const SUSPECTS_PER_PAGE = 500;
const POSTPONED_SECONDS = 1800;

/** True for a mail whose date no future sweep comes back to. (It goes by pages of dates; the audit is slow.) */
export const isBeforeSweeps = (sentAt: number): boolean => sentAt < nowSeconds() - OVERLAP_SECONDS;

/** Of the batch that creates a message from a notification: were it deleted before, nothing would tell of it again. */
export const suspectCreated = (id: string): SQL => sql`
  INSERT INTO ems_suspects (account_id, provider_message_id, ask_at)
  SELECT account_id, provider_message_id, ${nowSeconds() + SETTLING_SECONDS} FROM ems_messages WHERE id = ${id}
  ON CONFLICT DO NOTHING`;

/**
 * Suspects what we have of a time, and a page that covers it has not.
 * @param shown the provider's ids on the page
 * @param covered from where to where, in seconds since the epoch, bounds included
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
 * Asks the provider for the suspects of an account that are due, and deletes what it does not have.
 * @returns how many were deleted
 * @throws ProviderError when the provider fails; the suspect that it failed for comes later
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
  // Without its grant a mailbox has no message at all: that is no deletion.
  const isConnected = gone.length > 0 && (await ctx.providerOf(account).findGrant(account.grant_id)) !== null;
  for (const { id, observed_at } of isConnected ? gone : []) {
    // The provider's clock may be ahead of ours: what it says now is later than what it ever said.
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
    // One that cannot be asked for must not keep all others from it.
    await ctx.db.run(sql`
      UPDATE ems_suspects SET ask_at = ${nowSeconds() + POSTPONED_SECONDS}
      WHERE account_id = ${account.id} AND provider_message_id = ${id}`);
    throw error;
  }
}
