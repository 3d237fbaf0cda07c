import { nowSeconds, toIso } from "../lib/time.ts";
import { sql } from "../platform/d1/sql.ts";
import { removeExpiredAnswers } from "../platform/idempotency/store.ts";
import { answersOf } from "./answers.ts";
import { KEPT_DAYS } from "./attachments/uploads.ts";
import { type Ctx, ofNoCompany } from "./context.ts";
import { enqueueErasures } from "./erasure/erase.ts";
import { collectGarbage } from "./garbage.ts";
import { RESTORE_SECONDS } from "./ingest/moves.ts";
import { NOTIFICATIONS } from "./intake/receive.ts";

const KEEP_DAYS = 30;
/** Longer than a notification can be replayed: its bytes are kept for 30 days. */
const TOMBSTONE_DAYS = 90;
const DAY = 86_400;
const HOUR = 3600;
/** Rows or objects per round, and rounds per cron run: at most 50,000 of each kind in ten minutes. */
const AT_A_TIME = 1000;
const ROUNDS = 50;

/**
 * Cron: removes expired rows and objects of companies. After 30 days these are events, deliveries and closed outbox
 * entries. Other limits apply to tombstones, seen late messages and uploads. Then it resumes erasures and deletes
 * objects without a row.
 */
export async function removeExpired(ctx: Ctx): Promise<void> {
  const before = nowSeconds() - KEEP_DAYS * DAY;
  await repeat(() => removeOldest(ctx, "ems_events", "created_at", before, isEvent));
  await repeat(() => removeOldest(ctx, "ems_deliveries", "received_at", before));
  await repeat(() => removeOldest(ctx, "ems_departures", "departed_at", nowSeconds() - RESTORE_SECONDS));
  await repeat(() => removeOutbox(ctx, before));
  await repeat(() => removeUploads(ctx, nowSeconds() - KEPT_DAYS * DAY));
  const buried = (nowSeconds() - TOMBSTONE_DAYS * DAY) * 1000;
  await repeat(() => removeOldest(ctx, "ems_tombstones", "deleted_at", buried));
  await repeat(() => removeSeen(ctx));
  await enqueueErasures(ctx);
  await repeat(() => collectGarbage(ctx));
}

/**
 * Cron: removes what expired of users: unused tickets, sign-ins of mailbox owners, Idempotency-Key responses, and
 * notifications after 30 days.
 */
export async function removeExpiredOfUsers(ctx: Ctx): Promise<void> {
  const home = ofNoCompany(ctx);
  await repeat(() => removeOldest(home, "ems_stream_tickets", "expires_at", nowSeconds()));
  await repeat(() => removeOldest(home, "ems_sign_ins", "expires_at", nowSeconds() - HOUR));
  await repeat(() => removeExpiredAnswers(answersOf(ctx)));
  await repeat(() => removeNotifications(ctx, nowSeconds() - KEEP_DAYS * DAY));
  await repeat(() => collectGarbage(home));
}

/** Leaves the row that keeps the highest id: its trigger would insert it again. */
const isEvent = sql`(company_id IS NOT NULL OR id < (SELECT max(id) FROM ems_events))`;

/** @param remove removes one round, and returns how many rows or objects */
async function repeat(remove: () => Promise<number>): Promise<void> {
  for (let round = 0; round < ROUNDS && (await remove()) > 0; round++);
}

/** Checks the oldest rows by rowid, so it needs no index on the age. */
async function removeOldest(
  { db }: Ctx,
  table: string,
  column: string,
  before: number,
  condition = sql`true`,
): Promise<number> {
  const [name, age] = [sql.raw(table), sql.raw(column)];
  const removed = await db.all(sql`
    DELETE FROM ${name} WHERE rowid IN (
      SELECT rowid FROM (SELECT rowid, ${age} FROM ${name} ORDER BY rowid LIMIT ${AT_A_TIME}) WHERE ${age} < ${before})
      AND ${condition}
    RETURNING 1`);
  return removed.length;
}

/**
 * Removes late messages that all users of their account have seen. Rows of inactive users stay: some hundreds per
 * account (trigger ems_late_messages_capped). So each round starts at a random row.
 */
async function removeSeen({ db }: Ctx): Promise<number> {
  const removed = await db.all(sql`
    DELETE FROM ems_late_messages WHERE seq IN (
      SELECT seq FROM (
        SELECT seq, account_id FROM ems_late_messages
        WHERE seq >= (SELECT abs(random() % max(seq)) FROM ems_late_messages) ORDER BY seq LIMIT ${AT_A_TIME}) page
      WHERE seq <= (SELECT min(n.late_seen) FROM ems_inbox_counters n
        WHERE n.account_id = page.account_id AND n.late_seen IS NOT NULL))
    RETURNING 1`);
  return removed.length;
}

/** Keys start with the day, so the first listed are the oldest. */
async function removeNotifications({ env }: Ctx, before: number): Promise<number> {
  const { objects } = await env.ATTACHMENTS.list({ prefix: NOTIFICATIONS, limit: AT_A_TIME });
  const oldest = `${NOTIFICATIONS}${toIso(before).slice(0, 10)}`;
  const expired = objects.flatMap(({ key }) => (key < oldest ? [key] : []));
  if (expired.length) await env.ATTACHMENTS.delete(expired);
  return expired.length;
}

/** Removes outbox entries without a next job. */
async function removeOutbox({ db }: Ctx, before: number): Promise<number> {
  const removed = await db.all(sql`
    DELETE FROM ems_outbox WHERE id IN (
      SELECT id FROM (SELECT id, created_at, due_at FROM ems_outbox ORDER BY id LIMIT ${AT_A_TIME})
      WHERE created_at < ${before} AND due_at IS NULL)
    RETURNING 1`);
  return removed.length;
}

async function removeUploads({ db }: Ctx, before: number): Promise<number> {
  const removed = await db.all(sql`
    DELETE FROM ems_uploads WHERE id IN (
      SELECT id FROM ems_uploads WHERE created_at < ${before} ORDER BY created_at LIMIT ${AT_A_TIME})
    RETURNING 1`);
  return removed.length;
}
