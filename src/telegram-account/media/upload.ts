import { Long, type tl } from "@mtcute/core";
import type { AccountContext } from "../context.ts";
import type { Media } from "../contract.ts";
import { Refused } from "../errors.ts";

/** In bytes: the most that Telegram takes at once. */
const PART = 512 * 1024;
/** In bytes: larger files have calls of their own. */
const SMALL = 10 * 1024 * 1024;
/** In milliseconds, for the answer to one part. */
const PATIENCE = 60_000;

/** As Telegram's apps name them. */
const NAMES: Record<string, string> = {
  "image/jpeg": "photo.jpg",
  "image/png": "photo.png",
  "image/webp": "photo.webp",
  "video/mp4": "video.mp4",
};

/**
 * Brings a file from R2 to Telegram by the account's one connection, with one part in memory. Nobody sees it yet.
 * @throws TelegramError, NoAnswer; Refused `content` if the file is gone, `unavailable` if R2 cannot be read
 */
export async function uploadFile(
  { env, call }: Pick<AccountContext, "env" | "call">,
  media: Media,
): Promise<tl.RawInputFile | tl.RawInputFileBig> {
  const object = await env.ATTACHMENTS.get(media.key).catch(unreadable);
  if (!object) throw new Refused("content", "file_is_gone");
  const fileId = randomId();
  const { size } = object;
  const parts = Math.ceil(size / PART);
  const isBig = size > SMALL;
  const reader = object.body.getReader({ mode: "byob" });
  try {
    let buffer = new ArrayBuffer(PART);
    for (let filePart = 0; filePart < parts; filePart++) {
      const length = Math.min(PART, size - filePart * PART);
      const { value: bytes } = await reader
        .readAtLeast(length, new Uint8Array(buffer, 0, length))
        .catch(unreadable);
      if (bytes?.length !== length) throw new Refused("unavailable", "file_cannot_be_read");
      await call(
        isBig
          ? { _: "upload.saveBigFilePart", fileId, filePart, fileTotalParts: parts, bytes }
          : { _: "upload.saveFilePart", fileId, filePart, bytes },
        { timeoutMs: PATIENCE },
      );
      buffer = bytes.buffer;
    }
  } finally {
    await reader.cancel().catch(() => {});
  }
  const file = { id: fileId, parts, name: NAMES[media.type] ?? "file" };
  return isBig ? { _: "inputFileBig", ...file } : { _: "inputFile", ...file, md5Checksum: "" };
}

function randomId(): Long {
  const [low = 0, high = 0] = crypto.getRandomValues(new Int32Array(2));
  return new Long(low, high);
}

function unreadable(): never {
  throw new Refused("unavailable", "file_cannot_be_read");
}
