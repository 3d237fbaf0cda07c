import { type SQL, sql } from "drizzle-orm/sql";
import { fieldsOf, numberOf } from "../../../lib/lenient.ts";
import { batch, type Ctx } from "../../context.ts";
import { notifyHub } from "../../events/hub-client.ts";
import { appendEvents } from "../../events/log.ts";
import { startBackfill } from "../backfill.ts";
import { type Delivered, observedAt } from "../notification.ts";
import { enqueueSweep } from "../sweep.ts";

/** grant.expired: out of reach until the mailbox's owner signs in again, which keeps the grant. */
export const applyExpiry = (ctx: Ctx, delivered: Delivered): Promise<void> =>
  setStatus(ctx, delivered, {
    event: "grant.expired",
    when: sql`status <> 'disconnected'`,
    set: sql`status = 'disconnected', status_reason = 'The mailbox’s owner must sign in again: the grant has expired'`,
  });

/** grant.deleted: gone for good; another grant can connect the account again. */
export const applyRevocation = (ctx: Ctx, delivered: Delivered): Promise<void> =>
  setStatus(ctx, delivered, {
    event: "grant.expired",
    when: sql`true`,
    set: sql`status = 'disconnected', grant_id = NULL, status_reason = 'The grant was deleted at the mail provider'`,
  });

/** Nylas's code for a new sign-in; any other change of a grant has another. */
const REAUTHENTICATED = 25027;

/**
 * grant.updated: after a new sign-in the mailbox is back, and what came meanwhile is swept up. Any other change of
 * the grant says nothing of that, and one that its own people have disconnected stays so.
 */
export async function applyRenewal(ctx: Ctx, delivered: Delivered): Promise<void> {
  const { reauthentication_flag, code } = fieldsOf(delivered.notification.data.object);
  const isTold = typeof reauthentication_flag === "boolean";
  if (!(isTold ? reauthentication_flag : numberOf(code) === REAUTHENTICATED)) return;
  await setStatus(ctx, delivered, {
    event: "account.updated",
    when: sql`status = 'disconnected' AND disconnected_by_user = 0`,
    set: sql`status = 'active', status_reason = NULL`,
  });
  await enqueueSweep(ctx, delivered.account.id);
}

/** grant.imap_sync_completed: only now the provider itself has the mailbox's history. */
export const applyImapSync = (ctx: Ctx, { account }: Delivered): Promise<void> =>
  startBackfill(ctx, account.id);

async function setStatus(
  ctx: Ctx,
  { account, notification, receivedAt }: Delivered,
  { event, when, set }: { event: string; when: SQL; set: SQL },
): Promise<void> {
  const at = observedAt(notification, receivedAt);
  const isNews = sql`id = ${account.id} AND grant_id = ${account.grant_id} AND grant_observed_at < ${at}`;
  await batch(ctx, [
    appendEvents(sql`
      SELECT company_id, NULL, ${event}, NULL, NULL, id, ${event} || '/' || ${notification.id}
      FROM ems_accounts WHERE ${isNews} AND ${when}`),
    sql`UPDATE ems_accounts SET ${set} WHERE ${isNews} AND ${when}`,
    sql`UPDATE ems_accounts SET grant_observed_at = ${at} WHERE ${isNews}`,
  ]);
  notifyHub(ctx, account.company_id);
}
