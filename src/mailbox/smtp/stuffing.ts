const DOT = 46;
const LF = 10;

/** Doubles each dot that begins a line, and ends the last line: RFC 5321 section 4.5.2. */
export async function* dotStuffed(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array, void> {
  let before = LF;
  for await (const chunk of chunks) {
    if (chunk.length > 0) yield stuffed(chunk, before);
    before = chunk.at(-1) ?? before;
  }
  if (before !== LF) yield Uint8Array.of(13, LF);
}

/** @param before the byte before the chunk */
function stuffed(chunk: Uint8Array, before: number): Uint8Array {
  const dots: number[] = [];
  for (let at = chunk.indexOf(DOT); at >= 0; at = chunk.indexOf(DOT, at + 1)) {
    if ((at === 0 ? before : chunk[at - 1]) === LF) dots.push(at);
  }
  if (dots.length === 0) return chunk;
  const longer = new Uint8Array(chunk.length + dots.length);
  let from = 0;
  for (const [nth, at] of dots.entries()) {
    longer.set(chunk.subarray(from, at), from + nth);
    longer[at + nth] = DOT;
    from = at;
  }
  longer.set(chunk.subarray(from), from + dots.length);
  return longer;
}
