import { decodeText } from "../../mime/decode.ts";

// In place of encoding-japanese: the runtime has the charsets of Japan. It has what imapflow and libmime call.

/** The package's own names of charsets. */
const NAMES: Record<string, string | null> = {
  JIS: "iso-2022-jp",
  SJIS: "shift_jis",
  AUTO: null,
  UNICODE: null,
};

const convert = (bytes: Uint8Array, { from }: { from: string }): string =>
  decodeText(bytes, Object.hasOwn(NAMES, from) ? (NAMES[from] ?? null) : from);

export default { convert };
