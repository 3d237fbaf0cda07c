import type { MailboxContext } from "../context.ts";
import { MailError } from "../errors.ts";
import { transferDecoder } from "../mime/decode.ts";
import type { Part } from "../mime/parts.ts";
import { atSource, type Source } from "./source.ts";

/** What is asked of the server at once, in bytes. What was read waits for the garbage collector, so it is little. */
const CHUNK = 256 * 1024;

/** Of a multipart upload all parts but the last have one size, and R2 wants 5 MiB at least. */
const UPLOAD_PART = 5 << 20;

/** No mail server of today takes more. In bytes as encoded. */
const MAX_FILE = 512 << 20;

/**
 * Reads a part, and puts it into the bucket as it is after decoding. The object appears once it is whole.
 * @returns its size in bytes
 * @throws MailError TOO_LARGE, and as `atSource` does
 */
export const storePart = (ctx: MailboxContext, messageId: string, part: Part, key: string): Promise<number> =>
  atSource(ctx, messageId, async (source) => {
    const upload = new Upload(ctx.env.ATTACHMENTS, key);
    try {
      const decoder = transferDecoder(part.encoding);
      let received = 0;
      for await (const chunk of chunksOf(source, part)) {
        received += chunk.length;
        if (received > MAX_FILE) throw new MailError("TOO_LARGE", "The attachment is too large to be stored");
        await upload.write(decoder.write(chunk));
      }
      // The server has the message no more, or has lost the part.
      if (received === 0 && part.size > 0) return undefined;
      await upload.write(decoder.end());
      return await upload.end();
    } catch (error) {
      await upload.abort();
      throw error;
    }
  });

/**
 * The encoded bytes of a part, in pieces. They end where the server gives nothing more: some servers give a wrong size,
 * and some give less than was asked.
 */
async function* chunksOf(source: Source, part: Part): AsyncGenerator<Uint8Array> {
  for (let start = 0; ; ) {
    const chunk = await source.read(part.part, { start, maxLength: CHUNK });
    if (!chunk || chunk.length === 0) return;
    start += chunk.length;
    yield chunk;
    // More than was asked is all of it, from a server that ignores the range.
    if (chunk.length > CHUNK || (chunk.length < CHUNK && start >= part.size)) return;
  }
}

/** Writes an object whose size is not known before: in one go if it is small, else in parts. */
class Upload {
  readonly #bucket: R2Bucket;
  readonly #key: string;
  readonly #parts: R2UploadedPart[] = [];
  #multipart: R2MultipartUpload | undefined;
  #buffer = new Uint8Array(64 * 1024);
  #length = 0;

  constructor(bucket: R2Bucket, key: string) {
    this.#bucket = bucket;
    this.#key = key;
  }

  async write(bytes: Uint8Array): Promise<void> {
    for (let at = 0; at < bytes.length; ) {
      if (this.#length === UPLOAD_PART) await this.#flush();
      const piece = bytes.subarray(at, at + UPLOAD_PART - this.#length);
      this.#grow(this.#length + piece.length);
      this.#buffer.set(piece, this.#length);
      this.#length += piece.length;
      at += piece.length;
    }
  }

  /** @returns the size of the object */
  async end(): Promise<number> {
    if (!this.#multipart) {
      await this.#bucket.put(this.#key, this.#buffer.subarray(0, this.#length));
      return this.#length;
    }
    await this.#flush();
    return (await this.#multipart.complete(this.#parts)).size;
  }

  /** Leaves nothing behind. What a crash leaves is not seen, and R2 removes it after a week. */
  async abort(): Promise<void> {
    await this.#multipart?.abort().catch(() => {});
  }

  async #flush(): Promise<void> {
    this.#multipart ??= await this.#bucket.createMultipartUpload(this.#key);
    const part = this.#buffer.subarray(0, this.#length);
    this.#parts.push(await this.#multipart.uploadPart(this.#parts.length + 1, part));
    this.#length = 0;
  }

  #grow(length: number): void {
    if (length <= this.#buffer.length) return;
    const larger = new Uint8Array(Math.min(UPLOAD_PART, Math.max(length, this.#buffer.length * 2)));
    larger.set(this.#buffer.subarray(0, this.#length));
    this.#buffer = larger;
  }
}
