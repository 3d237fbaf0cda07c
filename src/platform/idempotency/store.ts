import { ServiceError } from "../../lib/errors.ts";
import { sha256Hex } from "../../lib/hmac.ts";
import { nowSeconds } from "../../lib/time.ts";
import type { Database } from "../d1/database.ts";
import { type SQL, sql } from "../d1/sql.ts";
import { INLINE_BYTES } from "../overflow.ts";

const KEPT_SECONDS = 86_400;
/** A send may take 150 s. A request without a response after this time is dead. */
const DEAD_SECONDS = 300;
/** Rows that one cron step removes. */
const AT_A_TIME = 1000;

/** Where a module stores responses to requests with an Idempotency-Key. */
export interface AnswerStore {
  db: Database;
  bucket: R2Bucket;
  /** The table: `user_id, key, request_hash, status, body, body_key, created_at`. */
  table: string;
  /** Lets work continue after the response (waitUntil). */
  defer(work: Promise<unknown>): void;
}

/**
 * The right to respond under a key. If a request that was considered dead ends after all, `created_at` in the row
 * differs, and it changes nothing.
 */
export interface Claim {
  user_id: number | string;
  key: string;
  created_at: number;
}

export interface StoredAnswer {
  status: number;
  headers: Record<string, string>;
  /** Null without a body. */
  body: string | ReadableStream | null;
}

interface Row {
  request_hash: string;
  status: number | null;
  body: string | null;
  body_key: string | null;
}

/** The column `body`, as JSON. The text is null when the body is in R2 or empty. */
interface Inline {
  headers: Record<string, string>;
  text: string | null;
}

/**
 * Claims a key in one statement. It succeeds for a new key and for one whose response is older than 24 hours. After 5
 * minutes without a response it also succeeds for the same request: a dead request may have had its effect, so only its
 * own retry may replace it.
 * @param hash the hash of the request
 * @returns a claim, to end with `keepAnswer` or `release`; or the stored response
 * @throws ServiceError conflict while the request is in progress; key_reused when the key belongs to another request
 */
export async function claimKey(
  { db, bucket, table, defer }: AnswerStore,
  userId: number | string,
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
  // Only a row that was taken over has the object of an earlier response.
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
 * Ends a claim with a response, which is replayed from now on. A body over 64 KB goes to R2. The row names the object
 * before it is written, so that no object is orphaned. The row's status is set last.
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

/** Each claim has its own object: a late write of a dead request is never read as its successor's response. */
const objectKey = async ({ user_id, key, created_at }: Claim): Promise<string> =>
  `idempotency/${user_id}/${await sha256Hex(key)}/${created_at}`;

/** Ends a claim without a response. The key is unused again. */
export async function release({ db, table }: AnswerStore, claim: Claim): Promise<void> {
  await db.run(sql`DELETE FROM ${sql.raw(table)} WHERE ${isHeld(claim)}`);
}

/**
 * Cron: removes at most 1,000 responses older than 24 hours.
 * @returns how many were removed
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
