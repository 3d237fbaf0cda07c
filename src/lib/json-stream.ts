const FLUSH_AT = 64 * 1024;

/**
 * Writes `{…head, [key]: [items]}` while the items come, so that a page of large mails is never in memory as a
 * whole.
 * @param items may fail: the stream then breaks off, which no JSON parser takes for a whole answer
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
