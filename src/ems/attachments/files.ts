import { forbidden, invalid, notFound } from "../../lib/errors.ts";
import type { Ctx } from "../context.ts";
import { isPresigned } from "./presign.ts";

/** A file from R2, or the requested range of it. */
export interface File {
  body: ReadableStream;
  /** Size of the whole file in bytes. */
  size: number;
  /** Start and length of the body, in bytes. */
  offset: number;
  length: number;
  /** Quoted, as R2 returns it. */
  etag: string;
  /** Both headers come from the signed link. */
  contentDisposition: string;
  contentType: string;
}

/**
 * Opens the file of a presigned link to the Worker's own route.
 * @param url the link as it was signed
 * @param range an R2 range, or headers that may hold one
 * @throws ServiceError forbidden for a bad signature or an expired link; not_found for a missing object; invalid
 *   for an unsatisfiable range
 */
export async function readFile(
  ctx: Ctx,
  url: URL,
  key: string,
  range: NonNullable<R2GetOptions["range"]>,
): Promise<File> {
  if (!(await isPresigned(ctx, url))) {
    throw forbidden("This download link is invalid or has expired; request a new one");
  }
  const object = await ctx.env.ATTACHMENTS.get(key, { range }).catch(() => {
    throw invalid("range: outside the file");
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
