const FLUSH_AT = 64 * 1024;

/**
 * Writes `{…head, [key]: [items]}`: as a text if it is short, else as a stream, while the items arrive. So a page of
 * large mails is never in memory as a whole, and a usual page needs no stream.
 * @param items if it throws after the first 64 KB, the stream is cut off, and the client's JSON parser rejects it
 * @throws what `items` throws before
 */
export async function writeJson(
  head: object,
  key: string,
  items: AsyncIterable<unknown>,
): Promise<string | ReadableStream<Uint8Array>> {
  const encoder = new TextEncoder();
  const chunks = serialize(head, key, items);
  const first = await chunks.next();
  const second = await chunks.next();
  if (second.done) return first.value ?? "";
  const start = [first, second];
  return new ReadableStream<Uint8Array>({
    async pull(controller) {
      const { done, value } = start.shift() ?? (await chunks.next());
      if (done) controller.close();
      else controller.enqueue(encoder.encode(value));
    },
    async cancel() {
      await chunks.return();
    },
  });
}

async function* serialize(
  head: object,
  key: string,
  items: AsyncIterable<unknown>,
): AsyncGenerator<string, void> {
  const opening = JSON.stringify(head).slice(0, -1);
  let text = `${opening}${opening.length > 1 ? "," : ""}${JSON.stringify(key)}:[`;
  let separator = "";
  for await (const item of items) {
    text += separator + JSON.stringify(item);
    separator = ",";
    if (text.length < FLUSH_AT) continue;
    yield text;
    text = "";
  }
  yield `${text}]}`;
}
