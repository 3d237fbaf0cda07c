import { type SQL, sql } from "drizzle-orm/sql";
import { nowSeconds } from "../lib/time.ts";
import type { Database } from "./d1/database.ts";

/** D1 refuses a row over 2 MB, and charges 50 times what R2 does for keeping it. */
export const INLINE_BYTES = 64 * 1024;

/** Longer than any writer of an object can take until its row refers to it. */
const UNREFERENCED_SECONDS = 86_400;

/** Where a module keeps what is too large for its rows. */
export interface Overflow {
  /** Of the row that will refer to the object. */
  db: Database;
  bucket: R2Bucket;
  /** The module's table of objects that no row refers to: `key`, `due_at`. */
  garbage: string;
}

/**
 * The statement that has an object deleted later, unless a row refers to it by then. It must run before the object is
 * written, so that a Worker that dies in between leaves nothing behind.
 */
export const announce = (garbage: string, key: string, seconds = UNREFERENCED_SECONDS): SQL => sql`
  INSERT INTO ${sql.raw(garbage)} (key, due_at) VALUES (${key}, ${nowSeconds() + seconds}) ON CONFLICT (key) DO NOTHING`;

/**
 * Puts a JSON text into R2 if it is too large for a row. The object is there when this returns.
 * @param bytes of the text, in UTF-8
 * @param keyOf names the object, by a key that no other object ever had
 * @returns the key; null for a text that belongs into the row
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
