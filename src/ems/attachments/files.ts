import { forbidden, invalid, notFound } from "../../lib/errors.ts";
import type { Ctx } from "../context.ts";
import { isPresigned } from "./presign.ts";

/** A file, or the part of it that was asked for. */
export interface File {
  body: ReadableStream;
  /** Of the whole file, in bytes. */
  size: number;
  /** Where the body begins and how long it is, in bytes. */
  offset: number;
  length: number;
  /** In quotes, as R2 gives it. */
  etag: string;
  /** What the link says of it. */
  contentDisposition: string;
  contentType: string;
}

/**
 * Opens what a presigned link to the Worker itself points at.
 * @param url the link as it was made
 * @param range an R2 range, or headers that may hold one
 * @throws ServiceError forbidden when the link is not ours or its hour is over; not_found when the object is gone;
 *   invalid for a range that the object does not have
 */
export async function readFile(
  ctx: Ctx,
  url: URL,
  key: string,
  range: NonNullable<R2GetOptions["range"]>,
): Promise<File> {
  if (!(await isPresigned(ctx, url))) {
    throw forbidden("This download link is not valid or its hour is over; ask for a new one");
  }
  const object = await ctx.env.ATTACHMENTS.get(key, { range }).catch(() => {
    throw invalid("range: the file has no such part");
  });
  if (!object) throw notFound("File");
  const { searchParams } = url;
  return {
    ...partOf(object),
    body: object.body,
    size: object.size,
    etag: object.httpEtag,
    contentDisposition: searchParams.get("response-content-disposition") ?? "attachment",
    contentType: searchParams.get("response-content-type") ?? "application/octet-stream",
  };
}

function partOf({ range, size }: R2ObjectBody): Pick<File, "offset" | "length"> {
  const { offset, length, suffix }: { offset?: number; length?: number; suffix?: number } = range ?? {};
  if (suffix !== undefined) return { offset: Math.max(size - suffix, 0), length: Math.min(suffix, size) };
  return { offset: offset ?? 0, length: length ?? size - (offset ?? 0) };
}
