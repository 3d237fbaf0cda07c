import { sql } from "drizzle-orm";
import { nowSeconds, toIso } from "../lib/time.ts";
import { KEPT_DAYS, uploadKeyOf } from "./attachments/uploads.ts";
import type { Ctx } from "./context.ts";
import { removeExpiredKeys } from "./idempotency-store.ts";
import { NOTIFICATIONS } from "./webhooks/receive.ts";

const KEEP_DAYS = 30;
const DAY = 86_400;
/** Rows and objects per run of the cron trigger: it runs often enough to keep up. */
const AT_A_TIME = 1000;

/**
 * Cron: removes what is kept for 30 days only (deliveries, their raw bytes, events, and what the outbox is done
 * with), uploads, tickets that nobody has used, and the answers under Idempotency-Keys.
 */
export async function removeExpired(ctx: Ctx): Promise<void> {
  const { db, env } = ctx;
  const before = nowSeconds() - KEEP_DAYS * DAY;
  await db.run(sql`
    DELETE FROM ems_events WHERE id IN (
      SELECT id FROM (SELECT id, created_at FROM ems_events ORDER BY id LIMIT ${AT_A_TIME}) WHERE created_at < ${before})`);
  await removeOutbox(ctx, before);
  await db.run(sql`DELETE FROM ems_stream_tickets WHERE expires_at < ${nowSeconds()}`);
  await db.run(sql`
    DELETE FROM ems_deliveries WHERE rowid IN (
      SELECT rowid FROM (SELECT rowid, received_at FROM ems_deliveries ORDER BY rowid LIMIT ${AT_A_TIME})
      WHERE received_at < ${before})`);
  // Keys order by day: the first that are listed are the oldest.
  const { objects } = await env.ATTACHMENTS.list({ prefix: NOTIFICATIONS, limit: AT_A_TIME });
  const oldest = `${NOTIFICATIONS}${toIso(before).slice(0, 10)}`;
  const expired = objects.flatMap(({ key }) => (key < oldest ? [key] : []));
  if (expired.length) await env.ATTACHMENTS.delete(expired);
  await removeExpiredKeys(ctx);
  await removeUploads(ctx, nowSeconds() - KEPT_DAYS * DAY);
}

/** Entries that nothing more will become of, and the mails of those that were not sent. */
async function removeOutbox({ db, env }: Ctx, before: number): Promise<void> {
  const removed = await db.all<{ mail_key: string | null }>(sql`
    DELETE FROM ems_outbox WHERE id IN (
      SELECT id FROM (SELECT id, created_at, due_at FROM ems_outbox ORDER BY id LIMIT ${AT_A_TIME})
      WHERE created_at < ${before} AND due_at IS NULL)
    RETURNING mail_key`);
  const keys = removed.flatMap(({ mail_key }) => mail_key ?? []);
  if (keys.length) await env.ATTACHMENTS.delete(keys);
}

/** Bytes go first: were a row gone before them, nobody would ever look for them again. */
async function removeUploads({ db, env }: Ctx, before: number): Promise<void> {
  const expired = await db.all<{ id: string; company_id: number }>(sql`
    SELECT id, company_id FROM ems_uploads WHERE created_at < ${before} ORDER BY created_at LIMIT ${AT_A_TIME}`);
  if (expired.length === 0) return;
  await env.ATTACHMENTS.delete(expired.map(uploadKeyOf));
  await db.run(sql`
    DELETE FROM ems_uploads
    WHERE id IN (SELECT value FROM json_each(${JSON.stringify(expired.map(({ id }) => id))}))`);
}
