import fc from "fast-check";
import { decodePath, encodePath, getDecoder, parseBodystructure, parseEnvelope } from "imapflow/lib/tools.js";
import libmime from "libmime";
import { describe, expect, it, test } from "vitest";
import { decodeText } from "../../src/mailbox/mime/decode.ts";
import { decodeWords } from "../../src/mailbox/mime/words.ts";
import charsets from "../fixtures/mime/charsets.json";

const bytesOf = (base64: string): Uint8Array => Uint8Array.from(atob(base64), (byte) => byte.charCodeAt(0));

/** What libmime refuses on purpose, in favour of UTF-8: a name for markup in disguise. We decode it, then sanitise. */
const isRefused = (charset: string): boolean => /utf-7/.test(charset);

/** Each charset once or twice, with the text that Python's codec gives. */
const CORPUS = charsets.map(({ charset, bytes, text }) => [charset, bytesOf(bytes), text] as const);

/** What is used of a stream of Node's, whose types are not included. */
interface NodeStream {
  on(event: string, listener: (value?: unknown) => void): NodeStream;
  write(chunk: Uint8Array): void;
  end(): void;
}

/** What a stream makes of bytes that come one at a time. */
async function streamed(decoding: unknown, bytes: Uint8Array): Promise<string> {
  const stream = decoding as NodeStream;
  const pieces: string[] = [];
  const decoder = new TextDecoder();
  stream.on("data", (piece) =>
    pieces.push(typeof piece === "string" ? piece : decoder.decode(piece as Uint8Array, { stream: true })),
  );
  const ended = new Promise((resolve, reject) => stream.on("end", resolve).on("error", reject));
  for (const byte of bytes) stream.write(Uint8Array.of(byte));
  stream.end();
  await ended;
  return pieces.join("");
}

describe.each(CORPUS)("%s", (charset, bytes, text) => {
  it("is decoded as Python decodes it", () => {
    expect(decodeText(bytes, charset)).toBe(text);
    expect(decodeText(bytes, charset.toUpperCase())).toBe(text);
  });

  it("is decoded in encoded words, by us and by imapflow's libmime", () => {
    const word = `=?${charset}?B?${btoa(String.fromCharCode(...bytes))}?=`;
    expect(decodeWords(word)).toBe(text);
    if (!isRefused(charset)) expect(libmime.decodeWords(word)).toBe(text);
  });

  it("is decoded when it comes byte by byte", async () => {
    if (!isRefused(charset)) {
      expect(await streamed(libmime.createDecodeStream(charset), bytes)).toBe(text);
    }
    expect(await streamed(getDecoder(charset), bytes)).toBe(text);
  });
});

describe("imapflow", () => {
  const client = { enabled: new Set(), capabilities: new Map() } as unknown as Parameters<
    typeof decodePath
  >[0];
  const value = (text: string) => ({ type: "STRING" as const, value: text });

  it.each([
    ["~peter/mail/&U,BTFw-/&ZeVnLIqe-", "~peter/mail/台北/日本語"],
    ["&BB4EQgQ,BEAEMAQyBDsENQQ9BD0ESwQ1-", "Отправленные"],
    ["Q&-A", "Q&A"],
    ["&2D3cSw-", "👋"],
  ])("names the folder %s as %s, and back", (encoded, name) => {
    expect(decodePath(client, encoded)).toBe(name);
    expect(encodePath(client, name)).toBe(encoded);
  });

  it("leaves a malformed name of a folder as it is", () => {
    for (const name of ["A & B", "&", "&*-x", "&AAA-"])
      expect(encodePath(client, decodePath(client, name)).length).toBeGreaterThan(0);
    expect(decodePath(client, "A & B")).toBe("A & B");
  });

  test("any name of a folder survives", () => {
    fc.assert(
      fc.property(fc.string({ unit: "grapheme", maxLength: 40 }), (name) => {
        expect(decodePath(client, encodePath(client, name))).toBe(name);
      }),
    );
  });

  it("decodes the words of an envelope, and the names of files in a structure", () => {
    const envelope = parseEnvelope([
      null,
      value("=?koi8-r?Q?=F0=D2=C9=D7=C5=D4?= =?windows-1251?B?IC0g8ffl8g==?="),
    ]);
    expect(envelope.subject).toBe("Привет - счет");
    const structure = parseBodystructure([
      value("APPLICATION"),
      value("PDF"),
      [
        value("NAME*"),
        value("koi8-r''%F3%DE%C5%D4.pdf"),
        value("X"),
        value("=?iso-2022-jp?B?GyRCRnxLXBsoQg==?="),
      ],
    ]);
    expect(structure.parameters).toEqual({ name: "Счет.pdf", x: "日本" });
  });

  it("takes an unknown charset for UTF-8, else for Windows-1252, whatever its name", async () => {
    for (const charset of ["x-unknown", "constructor", "__proto__", "toString", "hex", "base64"]) {
      expect(decodeText(new TextEncoder().encode("Привет"), charset)).toBe("Привет");
      expect(decodeText(Uint8Array.of(0x7a, 0xfc), charset)).toBe("zü");
      expect(libmime.decodeWords(`=?${charset}?Q?=D0=9F?=`)).toBe("П");
      expect(await streamed(getDecoder(charset), Uint8Array.of(0x7a, 0xfc))).toBe("zü");
    }
  });
});
