import { type SQL, sql } from "../../platform/d1/sql.ts";
import { batch, type Ctx } from "../context.ts";
import { notifyHub } from "../events/hub-client.ts";
import { appendEvents } from "../events/log.ts";
import type { AccountChange } from "./notification.ts";
import { enqueueSweep } from "./sweep.ts";

/** The mailbox is out of reach until its owner signs in again, which keeps the grant. */
export const applyExpiry = (ctx: Ctx, update: AccountChange): Promise<void> =>
  setStatus(ctx, update, {
    event: "grant.expired",
    when: sql`status <> 'disconnected'`,
    set: sql`status = 'disconnected', status_reason = 'The mailbox’s owner must sign in again: the grant has expired'`,
  });

/** The grant is gone for good; another grant can connect the account again. */
export const applyRevocation = (ctx: Ctx, update: AccountChange): Promise<void> =>
  setStatus(ctx, update, {
    event: "grant.expired",
    when: sql`true`,
    set: sql`status = 'disconnected', grant_id = NULL, status_reason = 'The grant was deleted at the mail provider'`,
  });

/** The owner has signed in again: a sweep fetches what came meanwhile. An account that a user disconnected stays so. */
export async function applyRenewal(ctx: Ctx, update: AccountChange): Promise<void> {
  await setStatus(ctx, update, {
    event: "account.updated",
    when: sql`status = 'disconnected' AND disconnected_by_user = 0`,
    set: sql`status = 'active', status_reason = NULL`,
  });
  await enqueueSweep(ctx, update.account);
}

async function setStatus(
  ctx: Ctx,
  { account, cause, observedAt }: AccountChange,
  { event, when, set }: { event: string; when: SQL; set: SQL },
): Promise<void> {
  const isNews = sql`id = ${account.id} AND grant_id = ${account.grant_id} AND grant_observed_at < ${observedAt}`;
  await batch(ctx, [
    appendEvents(sql`
      SELECT company_id, NULL, ${event}, NULL, NULL, id, ${event} || '/' || ${cause}
      FROM ems_accounts WHERE ${isNews} AND ${when}`),
    sql`UPDATE ems_accounts SET ${set} WHERE ${isNews} AND ${when}`,
    sql`UPDATE ems_accounts SET grant_observed_at = ${observedAt} WHERE ${isNews}`,
  ]);
  notifyHub(ctx, account.company_id);
}
