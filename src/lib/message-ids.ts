/** A Message-ID (RFC 5322 section 3.6.4). */
export interface MessageId {
  /** For comparison: in angle brackets, without blanks, the part after the `@` in lower case. */
  id: string;
  /** As its sender wrote it, apart from blanks and brackets: replies must repeat it so. */
  written: string;
}

/** A line has 998 characters (RFC 5322 section 2.1.1). Anything longer than this is no Message-ID. */
const MAX_LENGTH = 2000;

/**
 * The Message-IDs in a header, as real servers write it: folded, with blanks inside the brackets, or without brackets.
 * Encoded words (RFC 2047) and brackets escaped for HTML occur, too.
 */
export function messageIdsIn(header: string): MessageId[] {
  const text = decodeWords(header.toWellFormed()).replace(/&lt;/gi, "<").replace(/&gt;/gi, ">");
  const bracketed = Array.from(text.matchAll(/<([^<>]*)>/g), ([, id = ""]) => id);
  // A header without brackets may be a phrase ("Your mail of Monday"): only x@y counts.
  const bare = () => text.split(/[\s<>,;"()]+/).filter((word) => /^[^@]+@[^@]/.test(word));
  return (bracketed.length ? bracketed : bare()).map(toMessageId).filter(isOne);
}

function toMessageId(inner: string): MessageId {
  const written = inner.replace(/[\s\p{Cc}\u202a-\u202e\u2066-\u2069]+/gu, "");
  const at = written.indexOf("@");
  // Host names have no case, and relays change it.
  const id = at < 0 ? written : written.slice(0, at) + written.slice(at).toLowerCase();
  return { id: `<${id}>`, written: `<${written}>` };
}

const isOne = ({ id }: MessageId): boolean => id.length > 2 && id.length <= MAX_LENGTH;

const decodeWords = (text: string): string =>
  text.replace(/=\?[\w-]+\?([bq])\?([^?\s]*)\?=/gi, (word, encoding: string, encoded: string) => {
    try {
      // Ids are ASCII, which nearly all charsets share.
      return encoding.toLowerCase() === "b" ? atob(encoded) : decodeQ(encoded);
    } catch {
      return word;
    }
  });

const decodeQ = (encoded: string): string =>
  encoded
    .replace(/_/g, " ")
    .replace(/=([\da-f]{2})/gi, (_, code: string) => String.fromCharCode(Number.parseInt(code, 16)));
