import type { Context } from "hono";
import { invalid, notFound } from "../lib/errors.ts";

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
}

/** How a file is to be saved and shown. */
export interface FileLook {
  contentDisposition: string;
  contentType: string;
  /** How long a copy may be kept: by default an hour. */
  cacheControl?: string;
}

/**
 * Opens a file in R2.
 * @param range an R2 range, or headers that may hold one
 * @throws ServiceError not_found for a missing object; invalid for an unsatisfiable range
 */
export async function openFile(
  bucket: R2Bucket,
  key: string,
  range: NonNullable<R2GetOptions["range"]>,
): Promise<File> {
  const object = await bucket.get(key, { range }).catch(() => {
    throw invalid("range: outside the file");
  });
  if (!object) throw notFound("File");
  return { ...partOf(object), body: object.body, size: object.size, etag: object.httpEtag };
}

function partOf({ range, size }: R2ObjectBody): Pick<File, "offset" | "length"> {
  const { offset, length, suffix }: { offset?: number; length?: number; suffix?: number } = range ?? {};
  if (suffix !== undefined) return { offset: Math.max(size - suffix, 0), length: Math.min(suffix, size) };
  return { offset: offset ?? 0, length: length ?? size - (offset ?? 0) };
}

/**
 * Answers with a file, or a part of it (RFC 9110 section 14). Security: it is sandboxed, and its type is not guessed,
 * since a stranger has written it.
 */
export function sendFile(
  c: Context,
  { body, size, offset, length, etag, contentDisposition, contentType, cacheControl }: File & FileLook,
): Response {
  const isWhole = length === size;
  return c.body(body, isWhole ? 200 : 206, {
    "accept-ranges": "bytes",
    "cache-control": cacheControl ?? "private, max-age=3600",
    "content-disposition": contentDisposition,
    "content-length": String(length),
    "content-type": contentType,
    "content-security-policy": "sandbox; default-src 'none'",
    etag,
    "x-content-type-options": "nosniff",
    ...(isWhole ? {} : { "content-range": `bytes ${offset}-${offset + length - 1}/${size}` }),
  });
}

/** Answers 304 when the caller has this version of a file already (RFC 9110 section 13.1.2). @returns null when not */
export function sendUnchanged(c: Context, etag: string, cacheControl: string): Response | null {
  const known = c.req.header("if-none-match")?.split(",") ?? [];
  const isKnown = known.some((tag) => tag.trim() === "*" || tag.trim().replace(/^W\//, "") === etag);
  return isKnown ? c.body(null, 304, { "cache-control": cacheControl, etag }) : null;
}
