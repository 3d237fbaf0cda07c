import { createHash } from "node:crypto";
import type { tl } from "@mtcute/core";
import { RpcError } from "../wire/handler.ts";
import { pictureSize } from "./picture.ts";

const PART_MAX = 512 * 1024;
/** Above it, only the method for big files may be used. */
const SMALL_MAX = 10 * 1024 * 1024;
const PARTS_MAX = 4000;

/** A file whose parts are all there. */
export interface UploadedFile {
  size: number;
  sha256: string;
  /** Null for what is no JPEG, PNG or WebP. */
  picture: { width: number; height: number } | null;
}

interface Upload {
  parts: Map<number, Uint8Array>;
  /** Of a big file, as its parts tell; null for a small one. */
  total: number | null;
  /** Once it was used. Its bytes are gone. */
  file?: UploadedFile;
}

/** The files that are being uploaded, each by one account. */
export class Uploads {
  readonly #uploads = new Map<string, Upload>();

  /**
   * Keeps a part, in place of one that came before.
   * @param total of a big file; null for a small one
   * @throws RpcError for a part that Telegram refuses
   */
  save(owner: string, fileId: string, part: number, bytes: Uint8Array, total: number | null): void {
    if (bytes.length === 0) throw new RpcError(400, "FILE_PART_EMPTY");
    if (bytes.length > PART_MAX) throw new RpcError(400, "FILE_PART_TOO_BIG");
    if (total !== null && (total < 1 || total > PARTS_MAX)) throw new RpcError(400, "FILE_PARTS_INVALID");
    if (part < 0 || part >= (total ?? PARTS_MAX)) throw new RpcError(400, "FILE_PART_INVALID");
    const isLast = total === null || part === total - 1;
    if (!isLast && !isPartSize(bytes.length)) throw new RpcError(400, "FILE_PART_SIZE_INVALID");
    const key = `${owner}:${fileId}`;
    const upload: Upload = this.#uploads.get(key) ?? { parts: new Map(), total };
    if (upload.total !== total) throw new RpcError(400, "FILE_PARTS_INVALID");
    // The reader's bytes are part of a packet, which would otherwise stay in memory.
    if (!upload.file) upload.parts.set(part, bytes.slice());
    this.#uploads.set(key, upload);
  }

  /**
   * Puts the parts of a file together. It may be used again.
   * @throws RpcError if a part is missing, or the file is not what the client says
   */
  finish(owner: string, input: tl.TypeInputFile): UploadedFile {
    if (input._ === "inputFileStoryDocument") throw new RpcError(400, "MEDIA_INVALID");
    const upload = this.#uploads.get(`${owner}:${input.id}`);
    if (!upload) throw new RpcError(400, "FILE_PARTS_INVALID");
    if ((upload.total !== null) !== (input._ === "inputFileBig"))
      throw new RpcError(400, "FILE_PARTS_INVALID");
    if (upload.file) return upload.file;
    const bytes = joined(upload, input.parts);
    if (input._ === "inputFile" && input.md5Checksum !== "") {
      const md5 = createHash("md5").update(bytes).digest("hex");
      if (md5 !== input.md5Checksum.toLowerCase()) throw new RpcError(400, "MD5_CHECKSUM_INVALID");
    }
    const sha256 = createHash("sha256").update(bytes).digest("hex");
    upload.file = { size: bytes.length, sha256, picture: pictureSize(bytes) };
    upload.parts.clear();
    return upload.file;
  }
}

/** All but the last part have one size, which divides 512 KB. */
const isPartSize = (size: number): boolean => size % 1024 === 0 && PART_MAX % size === 0;

function joined({ parts, total }: Upload, count: number): Buffer {
  if ((total ?? count) !== count || parts.size > count) throw new RpcError(400, "FILE_PARTS_INVALID");
  const inOrder: Uint8Array[] = [];
  for (let part = 0; part < count; part++) {
    const bytes = parts.get(part);
    if (!bytes) throw new RpcError(400, `FILE_PART_${part}_MISSING`);
    inOrder.push(bytes);
  }
  const [first, ...others] = inOrder.slice(0, -1);
  const isEven =
    !first || (isPartSize(first.length) && others.every(({ length }) => length === first.length));
  if (!isEven) throw new RpcError(400, "FILE_PART_SIZE_INVALID");
  const bytes = Buffer.concat(inOrder);
  if (total === null && bytes.length > SMALL_MAX) throw new RpcError(400, "FILE_PARTS_INVALID");
  return bytes;
}
