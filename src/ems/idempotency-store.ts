import { type SQL, sql } from "drizzle-orm";
import { ServiceError } from "../lib/errors.ts";
import { sha256Hex } from "../lib/hmac.ts";
import { nowSeconds } from "../lib/time.ts";
import { log } from "../platform/log.ts";
import { batch, type Ctx, type UserCtx } from "./context.ts";
import { INLINE_BYTES } from "./overflow.ts";

const KEPT_SECONDS = 86_400;
/** A send may take 150 s: who has not answered by now never will. */
const DEAD_SECONDS = 300;
/** Rows that cron removes at a time. */
const AT_A_TIME = 1000;

/**
 * The right to answer under a key. A request that was taken for dead may still come to its end: it then meets
 * another `created_at` in the row, and changes nothing.
 */
export interface Claim {
  user_id: number;
  key: string;
  created_at: number;
}

export interface StoredAnswer {
  status: number;
  headers: Record<string, string>;
  /** Null for an answer that has none. */
  body: string | ReadableStream | null;
}

interface Row {
  request_hash: string;
  status: number | null;
  body: string | null;
  body_key: string | null;
}

/** What stands in the column `body`; the text is null when it lies in R2. */
interface Inline {
  headers: Record<string, string>;
  text: string | null;
}

/**
 * Begins to answer a request under a key, in one statement: as the first, in place of one that has expired (24 h),
 * or of the same request when it has been running for 5 minutes. A dead request gives way to its own repetition
 * only: it may have had its effect.
 * @param hash of the request: see `hashRequest`
 * @returns a claim, which `keepAnswer` or `release` ends, or the answer that was given before
 * @throws ServiceError `conflict` while it is being answered; `key_reused` when the key belongs to another request
 */
export async function claimKey(ctx: UserCtx, key: string, hash: string): Promise<Claim | StoredAnswer> {
  const { user_id } = ctx.user;
  const now = nowSeconds();
  const [taken, found] = (await batch(ctx, [
    sql`
      INSERT INTO ems_idempotency_keys AS held (user_id, key, request_hash, created_at)
      VALUES (${user_id}, ${key}, ${hash}, ${now})
      ON CONFLICT (user_id, key) DO UPDATE
      SET request_hash = excluded.request_hash, status = NULL, body = NULL, created_at = excluded.created_at
      WHERE held.created_at <= ${now - KEPT_SECONDS} OR (held.status IS NULL
        AND held.created_at <= ${now - DEAD_SECONDS} AND held.request_hash = excluded.request_hash)
      RETURNING body_key`,
    sql`
      SELECT request_hash, status, body, body_key FROM ems_idempotency_keys
      WHERE user_id = ${user_id} AND key = ${key}`,
  ])) as [Pick<Row, "body_key">[], Row[]];
  const [claimed] = taken;
  // Only a row that was taken over has the object of the answer before.
  if (claimed?.body_key) ctx.defer(ctx.env.ATTACHMENTS.delete(claimed.body_key));
  if (claimed) return { user_id, key, created_at: now };
  const [row] = found;
  if (row?.request_hash !== hash)
    throw new ServiceError("key_reused", "This Idempotency-Key was used for another request");
  if (row.status === null) {
    throw new ServiceError("conflict", "A request with this Idempotency-Key is still being answered");
  }
  return loadAnswer(ctx, row, row.status);
}

async function loadAnswer({ env }: Ctx, row: Row, status: number): Promise<StoredAnswer> {
  const { headers, text } = JSON.parse(row.body ?? "{}") as Inline;
  if (row.body_key === null) return { status, headers, body: text };
  const object = await env.ATTACHMENTS.get(row.body_key);
  if (!object) throw new Error("The answer that was stored under an Idempotency-Key is gone");
  return { status, headers, body: object.body };
}

const mine = ({ user_id, key, created_at }: Claim): SQL =>
  sql`user_id = ${user_id} AND key = ${key} AND created_at = ${created_at} AND status IS NULL`;

/**
 * Ends a claim with an answer, which is replayed from now on. A large one (over 64 KB) is in R2 before the row says
 * that it is done, and the row names the object before that is written, so that no object is left without a row.
 * @param bytes of the body, in UTF-8
 */
export async function keepAnswer(
  { db, env }: Ctx,
  claim: Claim,
  { status, headers, bytes }: { status: number; headers: Record<string, string>; bytes: ArrayBuffer },
): Promise<void> {
  const isLarge = bytes.byteLength > INLINE_BYTES;
  const bodyKey = isLarge ? await objectKey(claim) : null;
  if (bodyKey !== null) {
    const held = await db.all(sql`
      UPDATE ems_idempotency_keys SET body_key = ${bodyKey} WHERE ${mine(claim)} RETURNING 1`);
    if (held.length === 0) return;
    await env.ATTACHMENTS.put(bodyKey, bytes);
  }
  const inline: Inline = { headers, text: isLarge ? null : new TextDecoder().decode(bytes) || null };
  await db.run(sql`
    UPDATE ems_idempotency_keys SET status = ${status}, body = ${JSON.stringify(inline)}, body_key = ${bodyKey}
    WHERE ${mine(claim)}`);
}

/** Another object for each claim: what a dead request still writes is never read as the answer of its successor. */
const objectKey = async ({ user_id, key, created_at }: Claim): Promise<string> =>
  `idempotency/${user_id}/${await sha256Hex(key)}/${created_at}`;

/** Ends a claim without an answer: the key is as if it had never been used. */
export async function release({ db }: Ctx, claim: Claim): Promise<void> {
  await db.run(sql`DELETE FROM ems_idempotency_keys WHERE ${mine(claim)}`);
}

/**
 * Cron: removes the answers that are older than 24 hours, at most 1,000 of them. By trigger their objects become
 * garbage.
 * @returns how many there were
 */
export async function removeExpiredKeys({ db }: Ctx): Promise<number> {
  const removed = await db.all(sql`
    DELETE FROM ems_idempotency_keys WHERE rowid IN (
      SELECT rowid FROM ems_idempotency_keys WHERE created_at <= ${nowSeconds() - KEPT_SECONDS}
      ORDER BY created_at LIMIT ${AT_A_TIME})
    RETURNING 1`);
  return removed.length;
}

/** Does what the caller's answer need not fail for. What cannot be written leaves the key running, for 5 minutes. */
export async function attempt(work: Promise<void>): Promise<void> {
  await work.catch((error) => log("warn", "idempotency.not_stored", { error }));
}
