import { invalid, notFound, ServiceError } from "../../lib/errors.ts";
import type { Ctx } from "../context.ts";
import { isPresigned } from "./presign.ts";

/** Part of an object, or all of it, ready to be sent. */
export interface File {
  status: 200 | 206;
  headers: Record<string, string>;
  body: ReadableStream;
}

/**
 * Reads what a presigned URL of the Worker's own points at.
 * @param range the Range header, if there is one
 * @throws ServiceError `forbidden` when the URL is not ours or its time is over, `not_found` when the object is gone, `invalid` for a range
 *   that the object has not got
 */
export async function readFile({ env, ...ctx }: Ctx, url: URL, key: string, range: Headers): Promise<File> {
  if (!(await isPresigned({ env, ...ctx }, url))) {
    throw new ServiceError(
      "forbidden",
      "This download link is not valid or its hour is over; ask for a new one",
    );
  }
  const object = await env.ATTACHMENTS.get(key, { range }).catch(() => {
    throw invalid("range: the file has no such part");
  });
  if (!object) throw notFound("File");
  const { searchParams } = url;
  const { offset, length } = partOf(object);
  const isPart = length !== object.size;
  return {
    status: isPart ? 206 : 200,
    body: object.body,
    headers: {
      "accept-ranges": "bytes",
      "cache-control": "private, max-age=3600",
      "content-disposition": searchParams.get("response-content-disposition") ?? "attachment",
      "content-length": String(length),
      "content-type": searchParams.get("response-content-type") ?? "application/octet-stream",
      "content-security-policy": "sandbox; default-src 'none'",
      etag: object.httpEtag,
      "x-content-type-options": "nosniff",
      ...(isPart ? { "content-range": `bytes ${offset}-${offset + length - 1}/${object.size}` } : {}),
    },
  };
}

function partOf({ range, size }: R2ObjectBody): { offset: number; length: number } {
  const { offset, length, suffix }: { offset?: number; length?: number; suffix?: number } = range ?? {};
  if (suffix !== undefined) return { offset: Math.max(size - suffix, 0), length: Math.min(suffix, size) };
  return { offset: offset ?? 0, length: length ?? size - (offset ?? 0) };
}
