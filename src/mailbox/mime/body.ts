import { decodeBytes, decodeText, latin1 } from "./decode.ts";
import type { Part } from "./parts.ts";

/** A charset that an HTML names itself, which counts where the mail names none. Some servers then say US-ASCII. */
const META = /<meta\s[^>]{0,200}?charset\s*=\s*["']?([\w.:-]{1,40})/i;

/**
 * The text of a part, with LF as line ends.
 * @param encoded as the message has it
 */
export function textOfPart(encoded: Uint8Array, { encoding, charset, type }: Part): string {
  const bytes = decodeBytes(encoded, encoding);
  const isNamed = charset !== null && charset !== "us-ascii";
  const named = !isNamed && type === "text/html" ? charsetIn(bytes) : charset;
  return decodeText(bytes, named).replace(/\r\n?/g, "\n");
}

const charsetIn = (html: Uint8Array): string | null => META.exec(latin1(html.subarray(0, 2048)))?.[1] ?? null;

/** A message's body: what is of one kind follows each other. Null where the message has none. */
export interface Body {
  text: string | null;
  html: string | null;
}

/** @param textOf the text of each of the parts, in their order; of files nothing is read */
export function bodyOf(parts: Part[], textOf: (part: Part) => string): Body {
  const joined = (role: Part["role"], separator: string): string | null => {
    const texts = parts.filter((part) => part.role === role).map(textOf);
    return texts.length === 0 ? null : texts.join(separator);
  };
  return { text: joined("text", "\n"), html: joined("html", "<br>\n") };
}
