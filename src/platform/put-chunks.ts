/** R2 requires parts of at least 5 MB and of equal length, except for the last. */
const PART_BYTES = 5 * 1024 * 1024;

/** A reusable buffer for `putChunks`: the only memory a file takes on its way to R2. */
export const createPartBuffer = (): Uint8Array => new Uint8Array(PART_BYTES);

/**
 * Streams an object of unknown length to R2, 5 MB at a time. After an error there is no object.
 * @param buffer from `createPartBuffer`
 * @returns the length in bytes
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
    await upload?.abort().catch(() => {}); // else R2 drops it after a week
    throw error;
  }
}
