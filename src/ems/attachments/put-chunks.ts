/** R2 takes no smaller parts of an object, the last excepted, and wants all others to be of one length. */
const PART_BYTES = 5 * 1024 * 1024;

/** What a file is gathered in on its way to R2: all that is ever held of it. It may serve one file after another. */
export const createPartBuffer = (): Uint8Array => new Uint8Array(PART_BYTES);

/**
 * Writes an object of unknown length while its chunks come, 5 MB at a time. Unless all of it is written there is
 * none.
 * @param buffer from `createPartBuffer`
 * @returns its length in bytes
 * @throws what the chunks or the bucket throw
 */
export async function putChunks(
  bucket: R2Bucket,
  key: string,
  chunks: AsyncIterable<Uint8Array>,
  buffer: Uint8Array,
): Promise<number> {
  let upload: R2MultipartUpload | undefined;
  const parts: R2UploadedPart[] = [];
  let filled = 0;
  let size = 0;
  try {
    for await (const chunk of chunks) {
      size += chunk.length;
      for (let at = 0; at < chunk.length; ) {
        if (filled === buffer.length) {
          upload ??= await bucket.createMultipartUpload(key);
          parts.push(await upload.uploadPart(parts.length + 1, buffer));
          filled = 0;
        }
        const piece = chunk.subarray(at, at + buffer.length - filled);
        buffer.set(piece, filled);
        filled += piece.length;
        at += piece.length;
      }
    }
    const last = buffer.subarray(0, filled);
    if (upload) {
      parts.push(await upload.uploadPart(parts.length + 1, last));
      await upload.complete(parts);
    } else {
      await bucket.put(key, last);
    }
    return size;
  } catch (error) {
    await upload?.abort().catch(() => {}); // R2 itself forgets it after a week
    throw error;
  }
}
