import { exports } from "cloudflare:workers";

export interface StreamEvent {
  /** Absent in events outside the log. */
  id?: string;
  event: string;
  // biome-ignore lint/suspicious/noExplicitAny: a test says what it expects of the data
  data: any;
}

/** An open event stream, read as it arrives. */
export interface Stream {
  status: number;
  headers: Headers;
  /** The next event, or null once the server has closed. Skips comments. */
  next(): Promise<StreamEvent | null>;
  /** The next raw block, comments included. */
  nextBlock(): Promise<string | null>;
  /** The next raw line. */
  nextLine(): Promise<string | null>;
  close(): Promise<void>;
}

/** @param key a query that opens it, or a token */
export async function openStream(key: string, headers: HeadersInit = {}): Promise<Stream> {
  const query = key.includes("=") ? key : `token=${key}`;
  const url = `https://xabar.test/sse/events?${query}`;
  return readStream(await exports.default.fetch(new Request(url, { headers })));
}

/** Reads a response as a stream. */
export function readStream(response: Response): Stream {
  const reader = (response.body as ReadableStream<Uint8Array>)
    .pipeThrough(new TextDecoderStream())
    .getReader();
  let text = "";
  const upTo = async (separator: string): Promise<string | null> => {
    for (;;) {
      const end = text.indexOf(separator);
      if (end >= 0) {
        const part = text.slice(0, end);
        text = text.slice(end + separator.length);
        return part;
      }
      const { done, value } = await reader.read();
      if (done) return null;
      text += value;
    }
  };
  const nextBlock = () => upTo("\n\n");
  return {
    status: response.status,
    headers: response.headers,
    nextBlock,
    nextLine: () => upTo("\n"),
    close: () => reader.cancel(),
    next: async () => {
      for (;;) {
        const block = await nextBlock();
        if (block === null) return null;
        const fields = new Map(
          block.split("\n").map((line) => line.split(/: ?(.*)/s, 2) as [string, string]),
        );
        const [id, event, data] = ["id", "event", "data"].map((name) => fields.get(name));
        if (event && data) return { ...(id ? { id } : {}), event, data: JSON.parse(data) };
      }
    },
  };
}

/** A stream that is read in the background. */
export interface Followed {
  events: StreamEvent[];
  /** Resolves when either side closes the stream. */
  ended: Promise<void>;
  close(): Promise<void>;
}

/** Opens a stream and reads on. Returns after the `connected` event. */
export async function follow(key: string, headers: HeadersInit = {}): Promise<Followed> {
  const stream = await openStream(key, headers);
  const events: StreamEvent[] = [];
  const first = await stream.next();
  if (first) events.push(first);
  const readOn = async () => {
    for (let event = await stream.next(); event; event = await stream.next()) events.push(event);
  };
  const ended = readOn();
  const close = async () => {
    await stream.close();
    await ended;
  };
  return { events, ended, close };
}
