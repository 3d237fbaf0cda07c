import { nowSeconds } from "../lib/time.ts";
import type { Database } from "./d1/database.ts";
import { type SQL, sql } from "./d1/sql.ts";

/** Larger bodies go to R2: D1 refuses a row over 2 MB, and its storage costs 50 times as much. */
export const INLINE_BYTES = 64 * 1024;

/** Longer than any writer takes between writing an object and the row that refers to it. */
const UNREFERENCED_SECONDS = 86_400;

/** Where a module stores what is too large for a row. */
export interface Overflow {
  /** The database of the row that will refer to the object. */
  db: Database;
  bucket: R2Bucket;
  /** The module's table of objects to delete unless a row refers to them: `key`, `due_at`. */
  garbage: string;
}

/**
 * The statement that schedules an object for deletion, unless a row refers to it by then. Run it before the object is
 * written: then a Worker that dies in between leaves no orphan.
 */
export const announce = (garbage: string, key: string, seconds = UNREFERENCED_SECONDS): SQL => sql`
  INSERT INTO ${sql.raw(garbage)} (key, due_at) VALUES (${key}, ${nowSeconds() + seconds}) ON CONFLICT (key) DO NOTHING`;

/**
 * Writes a JSON text to R2 if it is too large for a row. The object exists when this returns.
 * @param bytes the text in UTF-8
 * @param keyOf returns a key that no other object ever had
 * @returns the key; null for a text that fits into the row
 */
export async function putIfLarge(
  { db, bucket, garbage }: Overflow,
  bytes: Uint8Array,
  keyOf: () => string,
): Promise<string | null> {
  if (bytes.length <= INLINE_BYTES) return null;
  const key = keyOf();
  await db.run(announce(garbage, key));
  await bucket.put(key, bytes, { httpMetadata: { contentType: "application/json" } });
  return key;
}
