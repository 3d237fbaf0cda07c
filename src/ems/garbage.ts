import { nowSeconds } from "../lib/time.ts";
import { type SQL, sql } from "../platform/d1/sql.ts";
import { announce as announceIn, putIfLarge } from "../platform/overflow.ts";
import { type Ctx, ofCompany } from "./context.ts";

// Triggers remove a key from this table when a row starts to refer to it, and add it when the row stops:
// migrations/ems/0013_lifetime.sql.
const TABLE = "ems_garbage";

/**
 * Stores a JSON text in R2 if it is too large for a row: see `putIfLarge`.
 * @param companyId of the row that will refer to it
 */
export const overflow = (
  ctx: Ctx,
  companyId: number,
  bytes: Uint8Array,
  keyOf: () => string,
): Promise<string | null> => {
  const { db } = ofCompany(ctx, companyId);
  return putIfLarge({ db, bucket: ctx.env.ATTACHMENTS, garbage: TABLE }, bytes, keyOf);
};

/**
 * A statement that keeps an announced object, for rows without a trigger that does it.
 * @param isReferred an SQL condition: a row refers to it
 */
export const refer = (key: string, isReferred: SQL): SQL => sql`
  DELETE FROM ems_garbage WHERE key = ${key} AND ${isReferred}`;

/** A statement that schedules an object's deletion in a day, unless a row refers to it by then. */
export const announce = (key: string): SQL => announceIn(TABLE, key);

/** A statement that schedules an object's deletion in an hour, when no writer can still be active. */
export const discard = (key: string): SQL => announceIn(TABLE, key, 3600);

/** R2's limit for one delete call. */
const AT_A_TIME = 1000;
/** How long to postpone an object that a queued mail still needs. */
const IN_USE_SECONDS = 3600;

/**
 * Deletes up to 1,000 objects without a row, first from R2 and then from the table. Objects that a queued mail
 * forwards are postponed.
 * @returns how many objects were due
 */
export async function collectGarbage({ db, env }: Ctx): Promise<number> {
  const now = nowSeconds();
  const due = await db.all(sql<{ key: string; in_use: number }>`
    SELECT key, EXISTS (SELECT 1 FROM ems_outbox_files f WHERE f.key = g.key) AS in_use
    FROM ems_garbage g WHERE due_at <= ${now} ORDER BY due_at LIMIT ${AT_A_TIME}`);
  const keysOf = (inUse: number) => due.flatMap(({ key, in_use }) => (in_use === inUse ? [key] : []));
  const [unused, used] = [keysOf(0), keysOf(1)];
  if (unused.length) {
    await env.ATTACHMENTS.delete(unused);
    await db.run(sql`
      DELETE FROM ems_garbage WHERE key IN (SELECT value FROM json_each(${JSON.stringify(unused)})) AND due_at <= ${now}`);
  }
  if (used.length) {
    await db.run(sql`
      UPDATE ems_garbage SET due_at = ${now + IN_USE_SECONDS}
      WHERE key IN (SELECT value FROM json_each(${JSON.stringify(used)}))`);
  }
  return due.length;
}
