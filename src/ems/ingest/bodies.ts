import { startAll } from "../../lib/concurrency.ts";
import { gunzip, gzip } from "../../lib/gzip.ts";
import type { RowOf } from "../../platform/d1/rows.ts";
import { log } from "../../platform/log.ts";
import { type Ctx, ofCompany } from "../context.ts";
import { announce } from "../garbage.ts";
import type { messages } from "../schema/mail.ts";

/** Either half may be null. */
export type Body = Pick<RowOf<typeof messages>, "body_html" | "body_text">;

/** The columns of a body: in the row, or the key of an R2 object. */
export type BodyColumns = Pick<RowOf<typeof messages>, "body_html" | "body_text" | "body_key">;

/** Larger bodies go to R2, where a byte costs a fiftieth. The reason for this limit is in docs/storage.md. */
export const INLINE_BYTES = 2048;

/** Larger bodies are read one at a time, so that a page of them is never in memory as a whole. */
const LARGE_BYTES = 64 * 1024;

/** What has the bucket: a context, or only the binding. */
type Bucket = { env: Pick<Env, "ATTACHMENTS"> };

/** Calls of R2 at a time: a Worker may have six connections open. */
export const AT_ONCE = 6;

const NO_BODY: Body = { body_html: null, body_text: null };

const bytesOf = (text: string): number => new TextEncoder().encode(text).length;

/** A key that no other object ever had: deleting one row's object never breaks another row. */
export const createBodyKey = (companyId: number): string => `bodies/${companyId}/${crypto.randomUUID()}`;

/**
 * Stores a body. A larger one is in R2 before this returns, so before the row refers to it.
 * @returns the body columns of the row
 */
export async function storeBody(ctx: Ctx, companyId: number, body: Body): Promise<BodyColumns> {
  if (bytesOf((body.body_html ?? "") + (body.body_text ?? "")) <= INLINE_BYTES)
    return { ...body, body_key: null };
  const body_key = createBodyKey(companyId);
  await ofCompany(ctx, companyId).db.run(announce(body_key));
  await putBody(ctx, body_key, body);
  return { ...NO_BODY, body_key };
}

/** Writes a body to R2, compressed. Announce the key first. */
export async function putBody({ env }: Bucket, key: string, { body_html, body_text }: Body): Promise<void> {
  const json = JSON.stringify({ body_html, body_text });
  await env.ATTACHMENTS.put(key, await gzip(json), {
    httpMetadata: { contentType: "application/json", contentEncoding: "gzip" },
    customMetadata: { bytes: `${bytesOf(json)}` },
  });
}

/**
 * Reads the body of a message from its row or from R2. A lost object is logged and read as empty.
 * @throws Error when R2 fails twice
 */
export const loadBody = async (ctx: Bucket, columns: BodyColumns): Promise<Body> =>
  (await loadUpTo(ctx, columns, Number.POSITIVE_INFINITY)) ?? NO_BODY;

/**
 * Starts to load the bodies of a page of rows, six at a time. A body over 64 KB is loaded when asked for.
 * @param withLarge if false, bodies over 64 KB are null
 * @returns each row with a function that returns its body, and throws when R2 fails twice
 */
export function loadBodies<Row extends BodyColumns>(
  ctx: Ctx,
  rows: Row[],
  withLarge: boolean,
): { row: Row; load: () => Promise<Body> }[] {
  const loads = rows.map((row) => () => loadUpTo(ctx, row, LARGE_BYTES));
  const loaded = startAll(loads, AT_ONCE);
  return rows.map((row, nth) => ({
    row,
    load: async () => (await loaded[nth]) ?? (withLarge ? loadBody(ctx, row) : NO_BODY),
  }));
}

/** @returns null for a body of more bytes */
async function loadUpTo(ctx: Bucket, columns: BodyColumns, bytes: number): Promise<Body | null> {
  const { body_key: key } = columns;
  if (key === null) return columns;
  const read = () => readObject(ctx, key, bytes);
  return read().catch(read);
}

async function readObject({ env }: Bucket, key: string, limit: number): Promise<Body | null> {
  const object = await env.ATTACHMENTS.get(key);
  if (!object) {
    log("error", "body.missing", { key });
    return NO_BODY;
  }
  if (Number(object.customMetadata?.bytes ?? object.size) > limit) {
    await object.body.cancel();
    return null;
  }
  // Earlier versions stored plain JSON.
  const isPacked = object.httpMetadata?.contentEncoding === "gzip";
  return JSON.parse(await (isPacked ? gunzip(object.body) : object.text()));
}
