import { sql } from "drizzle-orm";
import { nowSeconds, toIso } from "../lib/time.ts";
import type { Ctx } from "./context.ts";
import { NOTIFICATIONS } from "./webhooks/receive.ts";

const KEEP_DAYS = 30;
const DAY = 86_400;
/** Rows and objects per run of the cron trigger: it runs often enough to keep up. */
const AT_A_TIME = 1000;

/**
 * Cron: removes what is kept for 30 days only (deliveries, their raw bytes, and events), and tickets that nobody
 * has used.
 */
export async function removeExpired({ db, env }: Ctx): Promise<void> {
  const before = nowSeconds() - KEEP_DAYS * DAY;
  await db.run(sql`
    DELETE FROM ems_events WHERE id IN (
      SELECT id FROM (SELECT id, created_at FROM ems_events ORDER BY id LIMIT ${AT_A_TIME}) WHERE created_at < ${before})`);
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
}
