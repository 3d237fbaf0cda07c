import { atMost } from "../../lib/at-most.ts";
import { isContentType } from "../../lib/content-type.ts";
import { cuid } from "../../lib/cuid.ts";
import { invalid, ServiceError } from "../../lib/errors.ts";
import { fileName } from "../../lib/line.ts";
import { boundaryOf, type Part, parseMultipart } from "../../lib/multipart.ts";
import type { Attachment, Owner, StoredFile } from "../../mailbox/contract.ts";
import { sql } from "../../platform/d1/sql.ts";
import { log } from "../../platform/log.ts";
import { announce } from "../../platform/overflow.ts";
import { createPartBuffer, putChunks } from "../../platform/put-chunks.ts";
import { findAccount } from "../accounts/find.ts";
import { ownerOf } from "../accounts/row.ts";
import type { Ctx, UserCtx } from "../context.ts";
import { ask } from "../engine.ts";
import type { UploadListResponse } from "./responses.ts";
import { toAttachment } from "./view.ts";

/** An uploaded form, as it comes. */
interface Form {
  contentType: string;
  body: ReadableStream<Uint8Array> | null;
}

const MAX_FILES = 20;
/** Includes fields, and file inputs left empty. */
const MAX_PARTS = 120;
/** Of all files of a form. */
const MAX_BYTES = 25 * 1024 * 1024;
/** Allows for boundaries, headers and fields. */
const MAX_BODY_BYTES = MAX_BYTES + 1024 * 1024;

/**
 * Stores the files of a form for mails to come, buffering 5 MB at most.
 * @throws ServiceError not_found for the account; invalid for a malformed form, no file, or more than 20; too_large
 *   above 25 MB in all; otherwise as `ask`
 */
export async function uploadFiles(ctx: UserCtx, accountId: string, form: Form): Promise<UploadListResponse> {
  const owner = ownerOf(await findAccount(ctx, accountId));
  const work = storeForm(ctx, owner, form);
  // If the client disconnects, the request ends at once. The clean-up must still run.
  ctx.defer(work.catch(() => {}));
  const attachments = (await work).map((attachment) => toAttachment(ctx, accountId, attachment));
  return { attachments: await Promise.all(attachments) };
}

async function storeForm(ctx: UserCtx, owner: Owner, { contentType, body }: Form): Promise<Attachment[]> {
  const parts = parseMultipart(body ?? new Blob().stream(), boundaryOf(contentType), MAX_BODY_BYTES);
  const stored: StoredFile[] = [];
  try {
    await storeFiles(ctx, owner, parts, stored);
    if (stored.length === 0) throw invalid("files: the form has none");
  } catch (error) {
    await discard(ctx, stored);
    throw error;
  }
  const handed: Attachment[] = [];
  for (const file of stored) handed.push(await handOver(ctx, owner, file));
  return handed;
}

/**
 * Streams the files of a form to R2.
 * @param stored receives each file before its first byte is written, so that the caller can clean up
 */
async function storeFiles(
  ctx: Ctx,
  { accountId }: Owner,
  parts: AsyncIterable<Part>,
  stored: StoredFile[],
): Promise<void> {
  const buffer = createPartBuffer();
  let count = 0;
  let left = MAX_BYTES;
  for await (const part of parts) {
    if (++count > MAX_PARTS) throw invalid(`body: has more than ${MAX_PARTS} parts`);
    if (part.filename === null) continue;
    if (stored.length === MAX_FILES) throw invalid(`files: at most ${MAX_FILES} at a time`);
    const type = part.headers.get("content-type") ?? "";
    const file: StoredFile = {
      key: `mail/${accountId}/uploads/${accountId}-u${cuid()}`,
      filename: fileName(part.filename),
      mimeType: isContentType(type) ? type : "application/octet-stream",
      size: 0,
    };
    stored.push(file);
    await ctx.db.run(announce("es_garbage", file.key));
    file.size = await putChunks(ctx.env.ATTACHMENTS, file.key, atMost(left, part.body, tooLarge), buffer);
    left -= file.size;
    // Browsers send an empty part for a file input left empty.
    if (part.filename === "" && file.size === 0) await discard(ctx, stored.splice(-1));
  }
}

const tooLarge = () =>
  new ServiceError("too_large", `files: are larger than 25 MB (${MAX_BYTES} bytes) in all`);

/** Gives a file to its mailbox, which keeps it from then on. Until that is certain, cron asks: see `collectGarbage`. */
async function handOver(ctx: Ctx, owner: Owner, file: StoredFile): Promise<Attachment> {
  const { attachment } = await ask(ctx, owner, (mailbox, of) => mailbox.addUpload(of, file));
  await ctx.db.run(sql`DELETE FROM es_garbage WHERE key = ${file.key}`);
  return attachment;
}

/** Removes what a failed request stored. Cron removes what stays. */
async function discard({ env }: Ctx, stored: StoredFile[]): Promise<void> {
  if (stored.length === 0) return;
  await env.ATTACHMENTS.delete(stored.map(({ key }) => key)).catch((error) =>
    log("warn", "upload.not_discarded", { error }),
  );
}
