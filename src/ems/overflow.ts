import { type SQL, sql } from "drizzle-orm";
import { nowSeconds } from "../lib/time.ts";
import { type Ctx, ofCompany } from "./context.ts";

/** D1 refuses a row over 2 MB and charges 50 times what R2 does for keeping it. */
export const INLINE_BYTES = 64 * 1024;

/** Longer than any writer of an object can take to have its row refer to it. */
const UNREFERENCED_SECONDS = 86_400;

/**
 * Puts a JSON text into R2 if it is too large for a row: it is there when this returns, before the row that refers
 * to it.
 * @param companyId in whose database the row will be
 * @param bytes of the text, in UTF-8
 * @param keyOf names the object, if there is to be one: by a key that no other object ever had
 * @returns the object's key; null for a text that belongs into the row
 */
export async function overflow(
  ctx: Ctx,
  companyId: number,
  bytes: Uint8Array,
  keyOf: () => string,
): Promise<string | null> {
  if (bytes.length <= INLINE_BYTES) return null;
  const key = keyOf();
  await ofCompany(ctx, companyId).db.run(announce(key));
  await ctx.env.ATTACHMENTS.put(key, bytes, { httpMetadata: { contentType: "application/json" } });
  return key;
}

/**
 * The statement that has an object deleted tomorrow unless a row refers to it by then (see schema/lifetime.ts). It is
 * to be run before the object is written, in the database of that row.
 */
export const announce = (key: string, seconds = UNREFERENCED_SECONDS): SQL => sql`
  INSERT INTO ems_garbage (key, due_at) VALUES (${key}, ${nowSeconds() + seconds}) ON CONFLICT (key) DO NOTHING`;

/** The statement that has an object deleted in an hour, when nobody can still be about to write it. */
export const discard = (key: string): SQL => announce(key, 3600);

/** Objects that R2 deletes in one call. */
const AT_A_TIME = 1000;
/** When an object that a waiting mail still needs is looked at again. */
const IN_USE_SECONDS = 3600;

/**
 * Deletes objects that no row refers to any more, first in R2 and then from the list, at most 1,000 of them. What
 * a mail of the outbox passes on stays until that has left.
 * @returns how many were looked at
 */
export async function collectGarbage({ db, env }: Ctx): Promise<number> {
  const now = nowSeconds();
  const due = await db.all<{ key: string; in_use: number }>(sql`
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
