import { sql } from "drizzle-orm/sql";
import { forbidden, invalid, ServiceError } from "../../lib/errors.ts";
import { wholeNumber } from "../../lib/fields.ts";
import { uuidv7 } from "../../lib/ids.ts";
import { fileName } from "../../lib/line.ts";
import { boundaryOf, type Part, parseMultipart, readField } from "../../lib/multipart.ts";
import { nowSeconds, toIso } from "../../lib/time.ts";
import type { RowOf } from "../../platform/d1/rows.ts";
import { insertInto } from "../../platform/d1/write.ts";
import { log } from "../../platform/log.ts";
import { batch, type Ctx, inCompanies, ofCompany, type UserCtx } from "../context.ts";
import { announce } from "../garbage.ts";
import type { uploads } from "../schema/sending.ts";
import { createPartBuffer, putChunks } from "./put-chunks.ts";
import type { UploadResponse } from "./schemas.ts";

/** A file that waits to be sent. */
export type Upload = RowOf<typeof uploads>;

interface UploadInput {
  contentType: string;
  body: ReadableStream<Uint8Array> | null;
  /** Of the query; the form may name it as well. */
  company_id?: number | undefined;
}

const MAX_FILES = 20;
/** A mail may wait for as long again, so the bytes are kept for twice that. */
const USABLE_DAYS = 30;
export const KEPT_DAYS = 2 * USABLE_DAYS + 1;
/** Fields included, and inputs in which no file was chosen. */
const MAX_PARTS = 120;
/** Of one upload. What a mail may hold is its provider's to say, when the mail is composed. */
const MAX_BYTES = 25 * 1024 * 1024;
/** For boundaries, headers and fields. */
const MAX_BODY_BYTES = MAX_BYTES + 1024 * 1024;

/** Where the bytes of an upload lie in R2. */
export const uploadKeyOf = ({ company_id, id }: Pick<Upload, "company_id" | "id">): string =>
  `uploads/${company_id}/${id}`;

/**
 * Stores the files of a form, all or none, without ever holding more than 5 MB of them. The company is that of the
 * query, of a field before the files, or the token's only one.
 * @throws ServiceError `invalid` for a form that is malformed, has no file, more than 20, or does not say the company where
 *   the token has several; `forbidden` for a company that is not the caller's; `too_large` for more than 25 MB of files
 */
export async function uploadFiles(ctx: UserCtx, input: UploadInput): Promise<UploadResponse[]> {
  const work = storeForm(ctx, input);
  // A client that goes away ends the request at once; what was stored for it has to be removed all the same.
  ctx.defer(work.catch(() => {}));
  return (await work).map(({ user_id: _, ...upload }) => ({
    ...upload,
    created_at: toIso(upload.created_at),
  }));
}

/**
 * The uploads of a company by id, in the order of the ids.
 * @throws ServiceError `invalid` for one that there is not, or not in this company, and for one that is named twice
 */
export async function findUploads(ctx: UserCtx, companyId: number, ids: string[]): Promise<Upload[]> {
  if (ids.length === 0) return [];
  if (new Set(ids).size < ids.length) throw invalid("attachment_ids: names an upload twice");
  const found = await ctx.db.all(sql<Upload>`
    SELECT u.* FROM json_each(${JSON.stringify(ids)}) j CROSS JOIN ems_uploads u ON u.id = j.value
    WHERE u.company_id = ${companyId} AND +u.company_id ${inCompanies(ctx)}
      AND u.created_at > unixepoch() - ${USABLE_DAYS * 86_400} ORDER BY j.key`);
  if (found.length < ids.length) {
    throw invalid(`attachment_ids: there is no such upload in this company, of the last ${USABLE_DAYS} days`);
  }
  return found;
}

async function storeForm(ctx: UserCtx, { contentType, body, company_id }: UploadInput): Promise<Upload[]> {
  const queried = company_id === undefined ? undefined : checkCompany(ctx, company_id);
  const parts = parseMultipart(body ?? new Blob().stream(), boundaryOf(contentType), MAX_BODY_BYTES);
  const stored: Upload[] = [];
  try {
    await storeFiles(ctx, parts, queried, stored);
    const [first] = stored;
    if (!first) throw invalid("files: the form has none");
    await batch(
      ofCompany(ctx, first.company_id),
      stored.map((upload) => insertInto<typeof uploads>("ems_uploads", upload)),
    );
    return stored;
  } catch (error) {
    await discardUploads(ctx, stored);
    throw error;
  }
}

/** @param stored takes each file before its first byte is written, so that the caller can remove what there is */
async function storeFiles(
  ctx: UserCtx,
  parts: AsyncIterable<Part>,
  queried: number | undefined,
  stored: Upload[],
): Promise<void> {
  const buffer = createPartBuffer();
  let named = queried;
  let count = 0;
  let left = MAX_BYTES;
  for await (const part of parts) {
    if (++count > MAX_PARTS) throw invalid(`body: has more than ${MAX_PARTS} parts`);
    if (part.filename === null) {
      if (part.name === "company_id") named = checkCompany(ctx, await readCompany(part), named);
      continue;
    }
    if (stored.length === MAX_FILES) throw invalid(`files: at most ${MAX_FILES} at a time`);
    const upload = describe(ctx, part, chooseCompany(ctx, named));
    stored.push(upload);
    const key = uploadKeyOf(upload);
    await ofCompany(ctx, upload.company_id).db.run(announce(key));
    upload.size_bytes = await putChunks(ctx.env.ATTACHMENTS, key, limit(part.body, left), buffer);
    left -= upload.size_bytes;
    // What a browser sends for a field in which no file was chosen.
    if (part.filename === "" && upload.size_bytes === 0) await discardUploads(ctx, stored.splice(-1));
  }
}

function describe({ user }: UserCtx, { filename, headers }: Part, company_id: number): Upload {
  const id = uuidv7();
  const contentType = headers.get("content-type") ?? "";
  const contentId = (headers.get("content-id") ?? "").replace(/^<(.*)>$/, "$1");
  return {
    id,
    company_id,
    user_id: user.user_id,
    filename: fileName(filename ?? ""),
    content_type: isContentType(contentType) ? contentType : "application/octet-stream",
    size_bytes: 0,
    content_id: /^[\x21-\x7e]{1,200}$/.test(contentId) && !/[<>()[\]{}"\\]/.test(contentId) ? contentId : id,
    created_at: nowSeconds(),
  };
}

/** It will stand in a header of the mail. */
const isContentType = (text: string): boolean =>
  text.length <= 255 && /^[\w!#$&^.+-]+\/[\w!#$&^.+-]+( *;[\x20-\x7e]*)?$/.test(text);

async function readCompany(part: Part): Promise<number> {
  const { success, data, error } = wholeNumber.safeParse(await readField(part, 100));
  if (!success) throw invalid(`company_id: ${error.issues[0]?.message}`);
  return data;
}

function checkCompany({ user }: UserCtx, id: number, named = id): number {
  if (!user.companies.includes(id)) throw forbidden("No access to this company");
  if (named !== id) throw invalid("company_id: is named twice, and not the same");
  return id;
}

function chooseCompany({ user }: UserCtx, named: number | undefined): number {
  const [only, ...others] = user.companies;
  if (named !== undefined) return named;
  if (only === undefined) throw forbidden("No access to this company");
  // The key of the first file begins with it, so it cannot be waited for.
  if (others.length > 0) throw invalid("company_id: must be in the query, or in a field before the files");
  return only;
}

async function* limit(chunks: AsyncIterable<Uint8Array>, maxBytes: number): AsyncGenerator<Uint8Array, void> {
  let left = maxBytes;
  for await (const chunk of chunks) {
    left -= chunk.length;
    if (left < 0)
      throw new ServiceError("too_large", `files: are larger than 25 MB (${MAX_BYTES} bytes) in all`);
    yield chunk;
  }
}

/** Removes what was stored of a request. It may be that its rows are written although the batch has failed. */
async function discardUploads(ctx: Ctx, stored: Upload[]): Promise<void> {
  if (stored.length === 0) return;
  const ids = JSON.stringify(stored.map(({ id }) => id));
  const removals = await Promise.allSettled([
    ctx.db.run(sql`DELETE FROM ems_uploads WHERE id IN (SELECT value FROM json_each(${ids}))`),
    ctx.env.ATTACHMENTS.delete(stored.map(uploadKeyOf)),
  ]);
  for (const removal of removals) {
    if (removal.status === "rejected") log("error", "upload.not_discarded", { ids, error: removal.reason });
  }
}
