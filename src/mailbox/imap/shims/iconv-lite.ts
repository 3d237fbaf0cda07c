import { Buffer } from "node:buffer";
import { Transform } from "node:stream";
import { joined } from "../../mime/bytes.ts";
import { canonical, decoderOf, decodeText, isKnownCharset } from "../../mime/decode.ts";
import { decodeFolderName, encodeFolderName } from "../../mime/utf7.ts";

// In place of iconv-lite, whose tables are half of what the script would have without it: see wrangler.toml. It has
// what imapflow and libmime call, by the same names.

const FOLDER_NAMES = /^utf-?7-?imap$/i;

/** Encodings that are no charsets of mail. libmime asks for them, in order to refuse them. */
const REFUSED = new Set(["utf-7", "utf-7-imap", "base64", "hex"]);

/** What identifies an encoding: libmime compares them. */
interface Codec {
  decoder: object;
}

const codecs = new Map<string, Codec>();

const nameOf = (charset: string): string =>
  FOLDER_NAMES.test(charset) ? "utf-7-imap" : canonical(String(charset));

const encodingExists = (charset: string): boolean =>
  REFUSED.has(nameOf(charset)) || isKnownCharset(String(charset));

/** @throws Error for an unknown charset */
function getCodec(charset: string): Codec {
  if (!encodingExists(charset)) throw new Error(`Unknown charset ${charset}`);
  const name = nameOf(charset);
  const codec = codecs.get(name) ?? { decoder: {} };
  codecs.set(name, codec);
  return codec;
}

function decode(bytes: Uint8Array, charset: string): string {
  return FOLDER_NAMES.test(charset)
    ? decodeFolderName(new TextDecoder().decode(bytes))
    : decodeText(bytes, charset);
}

/** @returns a Buffer, since imapflow turns it into a text again */
const encode = (text: string, charset: string): Uint8Array =>
  Buffer.from(FOLDER_NAMES.test(charset) ? encodeFolderName(text) : text, "utf8");

/** Decodes a text that comes in pieces. A charset that needs to see the whole text gets it at the end. */
function getDecoder(charset: string): { write(chunk: Uint8Array): string; end(): string } {
  const decoder = decoderOf(canonical(charset));
  if (decoder) {
    return { write: (chunk) => decoder.decode(chunk, { stream: true }), end: () => decoder.decode() };
  }
  const chunks: Uint8Array[] = [];
  return {
    write: (chunk) => {
      chunks.push(chunk.slice());
      return "";
    },
    end: () => decodeText(joined(chunks), charset),
  };
}

function decodeStream(charset: string): Transform {
  const decoder = getDecoder(charset);
  return new Transform({
    encoding: "utf8",
    transform: (chunk: Uint8Array, _encoding, done) => done(null, decoder.write(chunk)),
    flush: (done) => done(null, decoder.end()),
  });
}

export default { encode, decode, encodingExists, getCodec, getDecoder, decodeStream };
