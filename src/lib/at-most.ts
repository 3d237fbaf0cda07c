/** Passes chunks on, up to a number of bytes in all. @throws what `error` returns, once there are more */
export async function* atMost(
  maxBytes: number,
  chunks: AsyncIterable<Uint8Array>,
  error: () => Error,
): AsyncGenerator<Uint8Array, void> {
  let left = maxBytes;
  for await (const chunk of chunks) {
    left -= chunk.length;
    if (left < 0) throw error();
    yield chunk;
  }
}
