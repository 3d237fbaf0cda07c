/** In bytes. The bucket gives pieces of 4 KB, and a small piece costs as much on its way as a large one. */
const PIECE = 65_536;

/** The same bytes in pieces of one length, but for the last. */
export async function* inPieces(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array, void> {
  let piece = new Uint8Array(PIECE);
  let length = 0;
  for await (const chunk of chunks) {
    for (let from = 0; from < chunk.length; ) {
      const part = chunk.subarray(from, from + PIECE - length);
      piece.set(part, length);
      length += part.length;
      from += part.length;
      if (length < PIECE) continue;
      yield piece;
      piece = new Uint8Array(PIECE);
      length = 0;
    }
  }
  if (length > 0) yield piece.subarray(0, length);
}
