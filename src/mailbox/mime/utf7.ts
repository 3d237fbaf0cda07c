import { Base64Decoder } from "./base64.ts";

/** How the two forms of UTF-7 differ. */
interface Form {
  shift: string;
  /** In the shifted text, in place of `/`. */
  slash: string;
}

/** Of mail (RFC 2152). */
const MAIL: Form = { shift: "+", slash: "/" };
/** Of folder names in IMAP (RFC 3501 section 5.1.3). */
const FOLDER: Form = { shift: "&", slash: "," };

/** Decodes UTF-7. What is malformed stands for itself. */
export const decodeUtf7 = (text: string): string => decode(text, MAIL);

/** Decodes the modified UTF-7 of folder names. */
export const decodeFolderName = (name: string): string => decode(name, FOLDER);

/** Encodes a folder's name as modified UTF-7. */
export const encodeFolderName = (name: string): string =>
  name
    .replace(/&/g, "&-")
    .replace(/[^\x20-\x7e]+/g, (text) => `&${toBase64(text).replaceAll("/", FOLDER.slash)}-`);

function decode(text: string, { shift, slash }: Form): string {
  const shifted = shift === "+" ? /\+([A-Za-z\d+/]*)(-?)/g : /&([A-Za-z\d+,]*)(-?)/g;
  return text.replace(shifted, (whole, encoded: string, end: string) => {
    if (encoded === "") return end ? shift : whole;
    return fromBase64(encoded.replaceAll(slash, "/")) ?? whole;
  });
}

function toBase64(text: string): string {
  let bytes = "";
  for (let at = 0; at < text.length; at++) {
    const unit = text.charCodeAt(at);
    bytes += String.fromCharCode(unit >> 8, unit & 0xff);
  }
  return btoa(bytes).replace(/=+$/, "");
}

/** @returns the text of UTF-16 units, highest byte first; null if it is none */
function fromBase64(encoded: string): string | null {
  const bytes = new Base64Decoder().write(new TextEncoder().encode(`${encoded}AAA`));
  const length = Math.floor((encoded.length * 3) / 4 / 2) * 2;
  if (length === 0) return null;
  return new TextDecoder("utf-16be", { fatal: false, ignoreBOM: true }).decode(bytes.subarray(0, length));
}
