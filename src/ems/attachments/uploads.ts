import { atMost } from "../../lib/at-most.ts";
import { isContentType } from "../../lib/content-type.ts";
import { forbidden, invalid, ServiceError } from "../../lib/errors.ts";
import { wholeNumber } from "../../lib/fields.ts";
import { uuidv7 } from "../../lib/ids.ts";
import { fileName } from "../../lib/line.ts";
import { boundaryOf, type Part, parseMultipart, readField } from "../../lib/multipart.ts";
import { nowSeconds, toIso } from "../../lib/time.ts";
import type { RowOf } from "../../platform/d1/rows.ts";
import { sql } from "../../platform/d1/sql.ts";
import { insertInto } from "../../platform/d1/write.ts";
import { log } from "../../platform/log.ts";
import { createPartBuffer, putChunks } from "../../platform/put-chunks.ts";
import { batch, type Ctx, inCompanies, ofCompany, type UserCtx } from "../context.ts";
import { announce } from "../garbage.ts";
import type { uploads } from "../schema/sending.ts";
import type { UploadResponse } from "./responses.ts";

/** A file that was uploaded for a mail. */
export type Upload = RowOf<typeof uploads>;

interface UploadInput {
  contentType: string;
  body: ReadableStream<Uint8Array> | null;
  /** From the query. The form may name it instead. */
  company_id?: number | undefined;
}

const MAX_FILES = 20;
/** A mail may be scheduled 30 days ahead, so uploads are kept twice as long as they can be attached. */
export const USABLE_DAYS = 30;
export const KEPT_DAYS = 2 * USABLE_DAYS + 1;
/** Includes fields, and file inputs left empty. */
const MAX_PARTS = 120;
/** Per upload request. The provider limits a whole mail, which `compose` checks. */
const MAX_BYTES = 25 * 1024 * 1024;
/** Allows for boundaries, headers and fields. */
const MAX_BODY_BYTES = MAX_BYTES + 1024 * 1024;

/** The R2 key of an upload. */
export const uploadKeyOf = ({ company_id, id }: Pick<Upload, "company_id" | "id">): string =>
  `uploads/${company_id}/${id}`;

/**
 * Stores the files of a form, all or none, buffering 5 MB at most. The company comes from the query, from a field
 * before the files, or from a token with only one company.
 * @throws ServiceError invalid for a malformed form, no file, more than 20 files, or a missing company; forbidden
 *   for a company outside the token; too_large above 25 MB in all
 */
export async function uploadFiles(ctx: UserCtx, input: UploadInput): Promise<UploadResponse[]> {
  const work = storeForm(ctx, input);
  // If the client disconnects, the request ends at once. The clean-up must still run.
  ctx.defer(work.catch(() => {}));
  return (await work).map(({ user_id: _, ...upload }) => ({
    ...upload,
    created_at: toIso(upload.created_at),
  }));
}

/** Loads those of the uploads that the company has and that can still be sent, in the order of the ids. */
export async function findUploads(ctx: UserCtx, companyId: number, ids: string[]): Promise<Upload[]> {
  if (ids.length === 0) return [];
  return ctx.db.all(sql<Upload>`
    SELECT u.* FROM json_each(${JSON.stringify(ids)}) j CROSS JOIN ems_uploads u ON u.id = j.value
    WHERE u.company_id = ${companyId} AND +u.company_id ${inCompanies(ctx)}
      AND u.created_at > unixepoch() - ${USABLE_DAYS * 86_400} ORDER BY j.key`);
}

/** Finds an upload of the caller's companies. */
export async function findUpload(ctx: UserCtx, id: string): Promise<Upload | undefined> {
  const [upload] = await ctx.db.all(sql<Upload>`
    SELECT * FROM ems_uploads WHERE id = ${id} AND company_id ${inCompanies(ctx)}`);
  return upload;
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

/**
 * Streams the files of a form to R2.
 * @param stored receives each upload before its first byte is written, so that the caller can clean up
 */
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
    upload.size_bytes = await putChunks(ctx.env.ATTACHMENTS, key, atMost(left, part.body, tooLarge), buffer);
    left -= upload.size_bytes;
    // Browsers send an empty part for a file input left empty.
    if (part.filename === "" && upload.size_bytes === 0) await discardUploads(ctx, stored.splice(-1));
  }
}

const tooLarge = () =>
  new ServiceError("too_large", `files: are larger than 25 MB (${MAX_BYTES} bytes) in all`);

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

async function readCompany(part: Part): Promise<number> {
  const { success, data, error } = wholeNumber().safeParse(await readField(part, 100));
  if (!success) throw invalid(`company_id: ${error.issues[0]?.message}`);
  return data;
}

function checkCompany({ user }: UserCtx, id: number, named = id): number {
  if (!user.companies.includes(id)) throw forbidden("No access to this company");
  if (named !== id) throw invalid("company_id: two different values");
  return id;
}

function chooseCompany({ user }: UserCtx, named: number | undefined): number {
  const [only, ...others] = user.companies;
  if (named !== undefined) return named;
  if (only === undefined) throw forbidden("No access to this company");
  // The first file's R2 key needs the company, so it cannot come later.
  if (others.length > 0) throw invalid("company_id: must be in the query, or in a field before the files");
  return only;
}

/** Removes what a failed request stored, including rows: the batch may have committed although it threw. */
async function discardUploads(ctx: Ctx, stored: Upload[]): Promise<void> {
  if (stored.length === 0) return;
  const ids = JSON.stringify(stored.map(({ id }) => id));
  const removals = await Promise.allSettled([
    ctx.db.run(sql`DELETE FROM ems_uploads WHERE id IN (SELECT value FROM json_each(${ids}))`),
    ctx.env.ATTACHMENTS.delete(stored.map(uploadKeyOf)),
  ]);
  for (const removal of removals) {
    if (removal.status === "rejected")
      log("error", "upload.not_discarded", { uploads: ids, error: removal.reason });
  }
}
