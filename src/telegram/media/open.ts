import { notFound } from "../../lib/errors.ts";
import { type File, type FileLook, openFile } from "../../platform/files.ts";
import type { Ctx } from "../context.ts";
import { keyOfMedia } from "../present.ts";

const TYPES: Partial<Record<string, string>> = {
  jpg: "image/jpeg",
  png: "image/png",
  webp: "image/webp",
  mp4: "video/mp4",
};

/**
 * Opens an image or a video of a mailing. The name is all that protects it.
 * @param range an R2 range, or headers that may hold one
 * @throws ServiceError not_found; invalid for an unsatisfiable range
 */
export async function openMedia(
  { env }: Ctx,
  name: string,
  range: NonNullable<R2GetOptions["range"]>,
): Promise<File & FileLook> {
  const [, ending = ""] = /^[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}\.([a-z\d]{3,4})$/.exec(name) ?? [];
  const contentType = TYPES[ending];
  if (!contentType) throw notFound("File");
  return {
    ...(await openFile(env.ATTACHMENTS, keyOfMedia(name), range)),
    contentType,
    contentDisposition: "inline",
    cacheControl: "public, max-age=31536000, immutable",
  };
}
