import { forbidden } from "../../lib/errors.ts";
import { type File, type FileLook, openFile } from "../../platform/files.ts";
import type { Ctx } from "../context.ts";
import { isPresigned } from "./presign.ts";

/**
 * Opens the file of a presigned link to the Worker's own route.
 * @param url the link as it was signed: it says how the file is saved and shown
 * @param range an R2 range, or headers that may hold one
 * @throws ServiceError forbidden for a bad signature or an expired link; otherwise as `openFile`
 */
export async function readFile(
  ctx: Ctx,
  url: URL,
  key: string,
  range: NonNullable<R2GetOptions["range"]>,
): Promise<File & FileLook> {
  if (!(await isPresigned(ctx, url))) {
    throw forbidden("This download link is invalid or has expired; request a new one");
  }
  const { searchParams } = url;
  return {
    ...(await openFile(ctx.env.ATTACHMENTS, key, range)),
    contentDisposition: searchParams.get("response-content-disposition") ?? "attachment",
    contentType: searchParams.get("response-content-type") ?? "application/octet-stream",
  };
}
