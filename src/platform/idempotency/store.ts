import { type SQL, sql } from "drizzle-orm/sql";
import { ServiceError } from "../../lib/errors.ts";
import { sha256Hex } from "../../lib/hmac.ts";
import { nowSeconds } from "../../lib/time.ts";
import type { Database } from "../d1/database.ts";
import { INLINE_BYTES } from "../overflow.ts";

const KEPT_SECONDS = 86_400;
/** A send may take 150 s: a request that has not answered after this long never will. */
const DEAD_SECONDS = 300;
/** Rows that cron removes at a time. */
const AT_A_TIME = 1000;

/** Where a module keeps the answers to requests with an Idempotency-Key. */
export interface AnswerStore {
  db: Database;
  bucket: R2Bucket;
  /** The table: `user_id, key, request_hash, status, body, body_key, created_at`. */
  table: string;
  /** Lets work outlive the answer (waitUntil). */
  defer(work: Promise<unknown>): void;
}

/**
 * The right to answer under a key. When a request that was taken for dead still ends, it finds another `created_at`
 * in the row, and changes nothing.
 */
export interface Claim {
  user_id: number;
  key: string;
  created_at: number;
}

export interface StoredAnswer {
  status: number;
  headers: Record<string, string>;
  /** Null for an answer without one. */
  body: string | ReadableStream | null;
}

interface Row {
  request_hash: string;
  status: number | null;
  body: string | null;
  body_key: string | null;
}

/** The column `body`. Its text is null when the body lies in R2. */
interface Inline {
  headers: Record<string, string>;
  text: string | null;
}

/**
 * Claims a key in one statement: as the first, in place of an answer older than 24 hours, or in place of the same
 * request that has run for 5 minutes. A dead request may have had its effect, so only its own repetition replaces it.
 * @param hash of the request
 * @returns a claim, which `keepAnswer` or `release` ends, or the answer that was given before
 * @throws ServiceError conflict while the request is being answered; key_reused when the key belongs to another request
 */
export async function claimKey(
  { db, bucket, table, defer }: AnswerStore,
  userId: number,
  key: string,
  hash: string,
): Promise<Claim | StoredAnswer> {
  const keys = sql.raw(table);
  const now = nowSeconds();
  const [[claimed], [row]] = await db.batch([
    sql<Pick<Row, "body_key">>`
      INSERT INTO ${keys} AS held (user_id, key, request_hash, created_at)
      VALUES (${userId}, ${key}, ${hash}, ${now})
      ON CONFLICT (user_id, key) DO UPDATE
      SET request_hash = excluded.request_hash, status = NULL, body = NULL, created_at = excluded.created_at
      WHERE held.created_at <= ${now - KEPT_SECONDS} OR (held.status IS NULL
        AND held.created_at <= ${now - DEAD_SECONDS} AND held.request_hash = excluded.request_hash)
      RETURNING body_key`,
    sql<Row>`
      SELECT request_hash, status, body, body_key FROM ${keys}
      WHERE user_id = ${userId} AND key = ${key}`,
  ]);
  // Only a row that was taken over still names the object of the answer before.
  if (claimed?.body_key) defer(bucket.delete(claimed.body_key));
  if (claimed) return { user_id: userId, key, created_at: now };
  if (row?.request_hash !== hash) {
    throw new ServiceError("key_reused", "This Idempotency-Key was used for another request");
  }
  if (row.status === null) {
    throw new ServiceError("conflict", "A request with this Idempotency-Key is still being answered");
  }
  return loadAnswer(bucket, row, row.status);
}

async function loadAnswer(bucket: R2Bucket, row: Row, status: number): Promise<StoredAnswer> {
  const { headers, text }: Inline = JSON.parse(row.body ?? "{}");
  if (row.body_key === null) return { status, headers, body: text };
  const object = await bucket.get(row.body_key);
  if (!object) throw new Error("The answer that was stored under an Idempotency-Key is gone");
  return { status, headers, body: object.body };
}

const isHeld = ({ user_id, key, created_at }: Claim): SQL =>
  sql`user_id = ${user_id} AND key = ${key} AND created_at = ${created_at} AND status IS NULL`;

/**
 * Ends a claim with an answer, which is replayed from now on. Over 64 KB it goes to R2. The row names the object
 * before it is written, so no object is left without a row, and says that it is done after that.
 * @param bytes of the body, in UTF-8
 */
export async function keepAnswer(
  { db, bucket, table }: AnswerStore,
  claim: Claim,
  { status, headers, bytes }: { status: number; headers: Record<string, string>; bytes: ArrayBuffer },
): Promise<void> {
  const keys = sql.raw(table);
  const isLarge = bytes.byteLength > INLINE_BYTES;
  const bodyKey = isLarge ? await objectKey(claim) : null;
  if (bodyKey !== null) {
    const held = await db.all(sql`
      UPDATE ${keys} SET body_key = ${bodyKey} WHERE ${isHeld(claim)} RETURNING 1`);
    if (held.length === 0) return;
    await bucket.put(bodyKey, bytes);
  }
  const inline: Inline = { headers, text: isLarge ? null : new TextDecoder().decode(bytes) || null };
  await db.run(sql`
    UPDATE ${keys} SET status = ${status}, body = ${JSON.stringify(inline)}, body_key = ${bodyKey}
    WHERE ${isHeld(claim)}`);
}

/** Each claim has its own object: a late write of a dead request is never read as the answer of its successor. */
const objectKey = async ({ user_id, key, created_at }: Claim): Promise<string> =>
  `idempotency/${user_id}/${await sha256Hex(key)}/${created_at}`;

/** Ends a claim without an answer: the key is as if it had never been used. */
export async function release({ db, table }: AnswerStore, claim: Claim): Promise<void> {
  await db.run(sql`DELETE FROM ${sql.raw(table)} WHERE ${isHeld(claim)}`);
}

/**
 * Cron: removes answers older than 24 hours, at most 1,000 of them.
 * @returns how many there were
 */
export async function removeExpiredAnswers({
  db,
  table,
}: Pick<AnswerStore, "db" | "table">): Promise<number> {
  const keys = sql.raw(table);
  const removed = await db.all(sql`
    DELETE FROM ${keys} WHERE rowid IN (
      SELECT rowid FROM ${keys} WHERE created_at <= ${nowSeconds() - KEPT_SECONDS}
      ORDER BY created_at LIMIT ${AT_A_TIME})
    RETURNING 1`);
  return removed.length;
}
