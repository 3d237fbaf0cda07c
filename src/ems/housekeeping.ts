import { sql } from "drizzle-orm";
import { nowSeconds, toIso } from "../lib/time.ts";
import { KEPT_DAYS, uploadKeyOf } from "./attachments/uploads.ts";
import { type Ctx, ofEachShard, ofNoCompany } from "./context.ts";
import { removeExpiredKeys } from "./idempotency-store.ts";
import { DEPARTURE_SECONDS } from "./messages/moves.ts";
import { NOTIFICATIONS } from "./webhooks/receive.ts";

const KEEP_DAYS = 30;
const DAY = 86_400;
/** Rows or objects at a time, and how often a run of the cron trigger does that: 50,000 in ten minutes. */
const AT_A_TIME = 1000;
const ROUNDS = 50;

/**
 * Cron: removes what is kept for 30 days only (deliveries, their raw bytes, events, and what the outbox is done
 * with), uploads, tickets that nobody has used, and the answers under Idempotency-Keys.
 */
export async function removeExpired(ctx: Ctx): Promise<void> {
  const before = nowSeconds() - KEEP_DAYS * DAY;
  for (const each of ofEachShard(ctx)) {
    await repeat(() => removeOldest(each, "ems_events", "created_at", before));
    await repeat(() => removeOldest(each, "ems_deliveries", "received_at", before));
    await repeat(() => removeOldest(each, "ems_departures", "departed_at", nowSeconds() - DEPARTURE_SECONDS));
    await repeat(() => removeOutbox(each, before));
    await repeat(() => removeUploads(each, nowSeconds() - KEPT_DAYS * DAY));
  }
  await repeat(() => removeOldest(ofNoCompany(ctx), "ems_stream_tickets", "expires_at", nowSeconds()));
  await repeat(() => removeExpiredKeys(ofNoCompany(ctx)));
  await repeat(() => removeNotifications(ctx, before));
}

/** @param remove removes some, and tells how many there were */
async function repeat(remove: () => Promise<number>): Promise<void> {
  for (let round = 0; round < ROUNDS && (await remove()) > 0; round++);
}

/** Looks at the rows that were written first, and needs no index by age. */
async function removeOldest({ db }: Ctx, table: string, column: string, before: number): Promise<number> {
  const [name, age] = [sql.raw(table), sql.raw(column)];
  const removed = await db.all(sql`
    DELETE FROM ${name} WHERE rowid IN (
      SELECT rowid FROM (SELECT rowid, ${age} FROM ${name} ORDER BY rowid LIMIT ${AT_A_TIME}) WHERE ${age} < ${before})
    RETURNING 1`);
  return removed.length;
}

/** Keys order by day: the first that are listed are the oldest. */
async function removeNotifications({ env }: Ctx, before: number): Promise<number> {
  const { objects } = await env.ATTACHMENTS.list({ prefix: NOTIFICATIONS, limit: AT_A_TIME });
  const oldest = `${NOTIFICATIONS}${toIso(before).slice(0, 10)}`;
  const expired = objects.flatMap(({ key }) => (key < oldest ? [key] : []));
  if (expired.length) await env.ATTACHMENTS.delete(expired);
  return expired.length;
}

/** Entries that nothing more will become of, and the mails of those that were not sent. */
async function removeOutbox({ db, env }: Ctx, before: number): Promise<number> {
  const removed = await db.all<{ mail_key: string | null }>(sql`
    DELETE FROM ems_outbox WHERE id IN (
      SELECT id FROM (SELECT id, created_at, due_at FROM ems_outbox ORDER BY id LIMIT ${AT_A_TIME})
      WHERE created_at < ${before} AND due_at IS NULL)
    RETURNING mail_key`);
  const keys = removed.flatMap(({ mail_key }) => mail_key ?? []);
  if (keys.length) await env.ATTACHMENTS.delete(keys);
  return removed.length;
}

/** Bytes go first: were a row gone before them, nobody would ever look for them again. */
async function removeUploads({ db, env }: Ctx, before: number): Promise<number> {
  const expired = await db.all<{ id: string; company_id: number }>(sql`
    SELECT id, company_id FROM ems_uploads WHERE created_at < ${before} ORDER BY created_at LIMIT ${AT_A_TIME}`);
  if (expired.length === 0) return 0;
  await env.ATTACHMENTS.delete(expired.map(uploadKeyOf));
  await db.run(sql`
    DELETE FROM ems_uploads
    WHERE id IN (SELECT value FROM json_each(${JSON.stringify(expired.map(({ id }) => id))}))`);
  return expired.length;
}
