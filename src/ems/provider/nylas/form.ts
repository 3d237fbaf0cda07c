import { type OutgoingAttachment, ProviderError } from "../port.ts";

/** A multipart/form-data body whose length is known before a byte of its files is read. */
export interface Multipart {
  contentType: string;
  /** Bytes. */
  length: number;
  /** Yields the body, reading one file after the other. Throws what `bytesOf` throws. */
  bytes(signal: AbortSignal): AsyncGenerator<Uint8Array, void, void>;
}

/**
 * The body of a send (RFC 7578, names escaped by WHATWG's rules): the field `message`, then a part for each file. The
 * same arguments give the same bytes, so that a repetition under a key is the same request.
 * @param key the Idempotency-Key; the boundary derives from it
 */
export async function multipart(
  message: string,
  attachments: OutgoingAttachment[],
  key: string,
): Promise<Multipart> {
  const boundary = `xabar-${await sha256Hex(key)}`; // 70 characters, RFC 2046's maximum
  const names = partNames(attachments);
  const head = encode(
    `--${boundary}\r\nContent-Disposition: form-data; name="message"\r\n\r\n${message}\r\n`,
  );
  const parts = attachments.map((file, index) => ({
    file,
    head: encode(
      `--${boundary}\r\nContent-Disposition: form-data; name="${escaped(names[index] ?? "")}"; ` +
        `filename="${escaped(file.filename)}"\r\nContent-Type: ${contentTypeOf(file)}\r\n\r\n`,
    ),
  }));
  const lineEnd = encode("\r\n");
  const end = encode(`--${boundary}--\r\n`);
  const partLengths = parts.map((part) => part.head.length + part.file.size_bytes + lineEnd.length);
  return {
    contentType: `multipart/form-data; boundary=${boundary}`,
    length: partLengths.reduce((sum, length) => sum + length, head.length + end.length),
    async *bytes(signal) {
      yield head;
      for (const part of parts) {
        yield part.head;
        yield* bytesOf(part.file, signal);
        yield lineEnd;
      }
      // Sent only after every file was whole: without it no server takes the body for complete.
      yield end;
    },
  };
}

/**
 * Yields a file's bytes, exactly `size_bytes` of them. The stream is cancelled by the signal, and when the consumer
 * stops early.
 * @throws ProviderError unreadable when the file cannot be read, or is shorter or longer; the signal's reason
 */
export async function* bytesOf(
  file: OutgoingAttachment,
  signal: AbortSignal,
): AsyncGenerator<Uint8Array, void, void> {
  const reader = (await orUnreadable(file.open())).getReader();
  // Not awaited: a stream that hangs would hold up the answer.
  const cancel = () => void reader.cancel().catch(() => {});
  signal.addEventListener("abort", cancel);
  let left = file.size_bytes;
  try {
    for (;;) {
      signal.throwIfAborted();
      const { done, value } = await orUnreadable(reader.read());
      if (done) break;
      left -= value.byteLength;
      if (left < 0) break;
      yield value;
    }
  } finally {
    signal.removeEventListener("abort", cancel);
    cancel();
  }
  signal.throwIfAborted();
  if (left !== 0) throw unreadable(new Error(`${left < 0 ? "over" : `${left} bytes short of`} its size`));
}

/** A file's media type without parameters (RFC 2045). An invalid one could add headers, and is replaced. */
export function contentTypeOf({ content_type }: OutgoingAttachment): string {
  const essence = content_type.split(";")[0]?.trim() ?? "";
  return /^[\w!#$&^.+'*`|~%-]+\/[\w!#$&^.+'*`|~%-]+$/.test(essence) ? essence : "application/octet-stream";
}

async function orUnreadable<T>(reading: Promise<T>): Promise<T> {
  try {
    return await reading;
  } catch (error) {
    throw unreadable(error);
  }
}

const unreadable = (cause: unknown) =>
  new ProviderError("unreadable", "an attached file could not be read whole", cause);

/** Nylas reads a part's name as its Content-ID, and a second part of the same name would replace the first. */
function partNames(attachments: OutgoingAttachment[]): string[] {
  const taken = new Set(["message"]);
  return attachments.map(({ content_id }, index) => {
    let name = content_id ?? `file${index}`;
    while (taken.has(name)) name += "_";
    taken.add(name);
    return name;
  });
}

const escaped = (name: string) => name.replaceAll("\r", "%0D").replaceAll("\n", "%0A").replaceAll('"', "%22");

const encode = (text: string) => new TextEncoder().encode(text);

async function sha256Hex(text: string): Promise<string> {
  const digest = await crypto.subtle.digest("SHA-256", encode(text));
  return Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, "0")).join("");
}
