const FLUSH_AT = 64 * 1024;

/**
 * Streams `{…head, [key]: [items]}` as the items arrive, so that a page of large mails is never in memory as a whole.
 * @param items if it throws, the stream is cut off, and the client's JSON parser rejects the response
 */
export function streamJson(
  head: object,
  key: string,
  items: AsyncIterable<unknown>,
): ReadableStream<Uint8Array> {
  const encoder = new TextEncoder();
  const chunks = serialize(head, key, items);
  return new ReadableStream<Uint8Array>({
    async pull(controller) {
      const { done, value } = await chunks.next();
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
