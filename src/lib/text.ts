const ENTITIES: Record<string, string> = {
  amp: "&",
  lt: "<",
  gt: ">",
  quot: '"',
  apos: "'",
  nbsp: " ",
  laquo: "«",
  raquo: "»",
  ndash: "–",
  mdash: "—",
};

const decode = (entity: string, name: string): string => {
  if (name[0] !== "#") return ENTITIES[name.toLowerCase()] ?? entity;
  const hexadecimal = name[1]?.toLowerCase() === "x";
  const code = Number.parseInt(name.slice(hexadecimal ? 2 : 1), hexadecimal ? 16 : 10);
  return code > 0 && code <= 0x10ffff ? String.fromCodePoint(code) : " ";
};

/** Tags that stand within a word or a sentence; any other tag ends it. */
const INLINE_TAG = /<\/?(a|abbr|b|big|code|em|font|i|mark|s|small|span|strong|sub|sup|u)\b[^>]*>/gi;

/** True for a body that is HTML, false for plain text, also if an address stands in angle brackets there. */
export const isHtml = (body: string): boolean =>
  /<(!doctype|!--|\/?[a-z][a-z0-9]*(\s[^>]*)?\/?>)/i.test(body);

const LENGTH = 200;

/**
 * The first words of a mail's body, for lists.
 * @param body HTML or plain text; only its first 20,000 characters are looked at
 * @returns at most 200 characters on one line, null if there are none
 */
export function excerpt(body: string): string | null {
  const start = body.slice(0, 20_000);
  const text = isHtml(start)
    ? start
        .replace(/<(style|script|head|title)\b[\s\S]*?(<\/\1\s*>|$)/gi, " ")
        .replace(/<!--[\s\S]*?(-->|$)/g, " ")
        .replace(INLINE_TAG, "")
        .replace(/<[^>]*(>|$)/g, " ")
        .replace(/&(#?\w{1,8});/g, decode)
    : start;
  const line = text.replace(/\s+/g, " ").trim();
  return (
    Array.from(line.slice(0, LENGTH * 2))
      .slice(0, LENGTH)
      .join("") || null
  );
}
