import { joined } from "./bytes.ts";
import { decodeBytes, decodeText } from "./decode.ts";

/** The beginning of an encoded word: charset, an optional language (RFC 2231 section 5), encoding. */
const START = /=\?([^?\s*]{1,60})(?:\*[^?\s]{0,40})?\?([bq])\?/iy;

interface Word {
  charset: string;
  bytes: Uint8Array;
  /** In the text. */
  from: number;
  to: number;
}

/**
 * Decodes the encoded words of a header (RFC 2047). Blanks between two of them are dropped, and neighbours of one charset
 * are decoded together: some programs split a character over two words.
 */
export function decodeWords(text: string): string {
  const words = wordsIn(text);
  const pieces: string[] = [];
  let at = 0;
  for (let nth = 0; nth < words.length; ) {
    const { charset, from } = words[nth]!;
    const gap = text.slice(at, from);
    const run: Uint8Array[] = [];
    if (nth === 0 || gap.trim() !== "") pieces.push(gap);
    do {
      run.push(words[nth]!.bytes);
      at = words[nth]!.to;
      nth++;
    } while (words[nth]?.charset === charset && text.slice(at, words[nth]!.from).trim() === "");
    pieces.push(decodeText(joined(run), charset));
  }
  return pieces.join("") + text.slice(at);
}

function wordsIn(text: string): Word[] {
  const words: Word[] = [];
  for (let from = text.indexOf("=?"); from >= 0; ) {
    START.lastIndex = from;
    const match = START.exec(text);
    const start = from + (match?.[0].length ?? 2);
    const end = match ? text.indexOf("?=", start) : start;
    if (end < 0) break; // no word after it has an end either
    if (match) words.push({ ...contentOf(match, text.slice(start, end)), from, to: end + 2 });
    from = text.indexOf("=?", match ? end + 2 : start);
  }
  return words;
}

function contentOf([, charset = "", encoding]: RegExpExecArray, encoded: string) {
  const isBase64 = encoding === "b" || encoding === "B";
  const bytes = new TextEncoder().encode(isBase64 ? encoded : encoded.replaceAll("_", "=20"));
  return {
    charset: charset.toLowerCase(),
    bytes: decodeBytes(bytes, isBase64 ? "base64" : "quoted-printable"),
  };
}
