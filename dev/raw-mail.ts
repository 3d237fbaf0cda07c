const BLANK_LINE = Buffer.from("\r\n\r\n");

/**
 * Repairs a raw message for a parser that expects valid MIME. Handles raw 8-bit headers, UTF-7 text, and lines that a
 * gateway has appended to base64.
 * @param raw RFC 5322 with CRLF line ends
 */
export function legible(raw: Uint8Array): Uint8Array {
  const bytes = Buffer.from(raw.buffer, raw.byteOffset, raw.byteLength);
  const end = bytes.indexOf(BLANK_LINE);
  if (end < 0) return raw;
  const head = headText(bytes.subarray(0, end));
  const body = bytes.subarray(end + BLANK_LINE.length);
  const [newHead, newBody] = plainUtf7(head, body) ?? [head, wholeBase64(head, body)];
  return Buffer.concat([Buffer.from(newHead), BLANK_LINE, newBody]);
}

/** Decodes headers that are not UTF-8 with the charset of the body, else with Windows-1251. */
function headText(head: Uint8Array): string {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(head);
  } catch {
    const latin = Buffer.from(head).toString("latin1");
    const charset = charsetOf(latin);
    const isOther = charset !== undefined && !/^(utf-?8|us-ascii)$/i.test(charset);
    return decoderOf(isOther ? charset : "windows-1251").decode(head);
  }
}

function decoderOf(charset: string): InstanceType<typeof TextDecoder> {
  try {
    return new TextDecoder(charset);
  } catch {
    return new TextDecoder("windows-1251");
  }
}

const charsetOf = (head: string): string | undefined =>
  /^content-type:[^\r\n]*(?:\r\n[ \t][^\r\n]*)*?;\s*charset="?([^\s";]+)/im.exec(head)?.[1];

const isBase64 = (head: string): boolean => /^content-transfer-encoding:\s*base64\s*$/im.test(head);

/** Converts a single-part UTF-7 message (RFC 2152) to UTF-8; undefined for any other message. */
function plainUtf7(head: string, body: Buffer): [string, Buffer] | undefined {
  if (charsetOf(head)?.toLowerCase() !== "utf-7" || isBase64(head)) return undefined;
  const text = body.toString("latin1").replace(/\+([A-Za-z0-9+/]*)-?/g, (_, base64: string) => {
    if (base64 === "") return "+";
    const units = Buffer.from(base64, "base64");
    return units
      .subarray(0, units.length & ~1)
      .swap16()
      .toString("utf16le");
  });
  const encoding = /^content-transfer-encoding:[^\r\n]*$/im;
  const named = head.replace(/utf-7/i, "utf-8");
  return [
    encoding.test(named) ? named.replace(encoding, "Content-Transfer-Encoding: 8bit") : named,
    Buffer.from(text),
  ];
}

/** Cuts base64 at its padding, or at the first line that is not base64. */
function wholeBase64(head: string, body: Buffer): Buffer {
  if (!isBase64(head)) return body;
  const [text = ""] = /^(?:[A-Za-z0-9+/]*\r?\n?)*/.exec(body.toString("latin1").split("=", 1)[0] ?? "") ?? [];
  return Buffer.from(text);
}
