import { exports } from "cloudflare:workers";

export interface StreamEvent {
  event: string;
  // biome-ignore lint/suspicious/noExplicitAny: a test says what it expects of the data
  data: any;
}

/** An open stream of events, read as it comes. */
export interface Stream {
  status: number;
  headers: Headers;
  /** The next event, or null once the server has closed. Comments are passed over. */
  next(): Promise<StreamEvent | null>;
  /** The next block as it came, comments included. */
  nextBlock(): Promise<string | null>;
  close(): Promise<void>;
}

export async function openStream(token: string): Promise<Stream> {
  const response = await exports.default.fetch(new Request(`https://xabar.test/sse/events?token=${token}`));
  const reader = (response.body as ReadableStream<Uint8Array>)
    .pipeThrough(new TextDecoderStream())
    .getReader();
  let text = "";
  const nextBlock = async (): Promise<string | null> => {
    for (;;) {
      const end = text.indexOf("\n\n");
      if (end >= 0) {
        const block = text.slice(0, end);
        text = text.slice(end + 2);
        return block;
      }
      const { done, value } = await reader.read();
      if (done) return null;
      text += value;
    }
  };
  return {
    status: response.status,
    headers: response.headers,
    nextBlock,
    close: () => reader.cancel(),
    next: async () => {
      for (;;) {
        const block = await nextBlock();
        if (block === null) return null;
        const fields = new Map(
          block.split("\n").map((line) => line.split(/: ?(.*)/s, 2) as [string, string]),
        );
        const [event, data] = [fields.get("event"), fields.get("data")];
        if (event && data) return { event, data: JSON.parse(data) };
      }
    },
  };
}
