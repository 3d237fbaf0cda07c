/** A Message-ID in two forms. */
export interface MessageId {
  /** For comparison: in angle brackets, without blanks, the part after the `@` in lower case. */
  id: string;
  /** For the headers of a reply: as written, with normalised blanks and brackets (RFC 5322 section 3.6.4). */
  written: string;
}

/** Longer texts are not Message-IDs: a line has at most 998 characters (RFC 5322 section 2.1.1). */
const MAX_LENGTH = 2000;

/**
 * Extracts the Message-IDs of a header, also in the forms that some servers write: folded, with blanks inside the
 * brackets, with missing brackets, as an encoded word (RFC 2047), or with brackets escaped for HTML.
 */
export function messageIdsIn(header: string): MessageId[] {
  const text = decodeWords(header.toWellFormed()).replace(/&lt;/gi, "<").replace(/&gt;/gi, ">");
  const bracketed = Array.from(text.matchAll(/<([^<>]*)>/g), ([, id = ""]) => id);
  // Without brackets the header may also be a phrase ("Your mail of Monday"), so only x@y counts.
  const bare = () => text.split(/[\s<>,;"()]+/).filter((word) => /^[^@]+@[^@]/.test(word));
  return (bracketed.length ? bracketed : bare()).map(toMessageId).filter(isPlausible);
}

function toMessageId(inner: string): MessageId {
  const written = inner.replace(/[\s\p{Cc}\u202a-\u202e\u2066-\u2069]+/gu, "");
  const at = written.indexOf("@");
  // Host names are case-insensitive, and relays change their case.
  const id = at < 0 ? written : written.slice(0, at) + written.slice(at).toLowerCase();
  return { id: `<${id}>`, written: `<${written}>` };
}

const isPlausible = ({ id }: MessageId): boolean => id.length > 2 && id.length <= MAX_LENGTH;

const decodeWords = (text: string): string =>
  text.replace(/=\?[\w-]+\?([bq])\?([^?\s]*)\?=/gi, (word, encoding: string, encoded: string) => {
    try {
      // Ids are ASCII, which nearly all charsets include.
      return encoding.toLowerCase() === "b" ? atob(encoded) : decodeQ(encoded);
    } catch {
      return word;
    }
  });

const decodeQ = (encoded: string): string =>
  encoded
    .replace(/_/g, " ")
    .replace(/=([\da-f]{2})/gi, (_, code: string) => String.fromCharCode(Number.parseInt(code, 16)));
