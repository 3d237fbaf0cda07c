/** Prefixes that mail programs add to the subject of a reply or a forward, in common languages. */
const PREFIXES = [
  ...[
    "re",
    "fw",
    "fwd",
    "rea",
    "ref",
    "aw",
    "antw",
    "antwort",
    "wg",
    "sv",
    "vs",
    "vb",
    "vl",
    "odp",
    "pd",
    "ynt",
  ],
  ...["ilt", "rif", "res", "enc", "rv", "tr", "doorst", "bls", "trs", "vá", "továbbítás", "atb", "javob"],
  ...["отв", "ответ", "пересл", "на", "жавоб", "відп", "回复", "答复", "转发", "回覆", "轉寄", "答覆"],
];
const PREFIX = new RegExp(
  `^(?:${PREFIXES.join("|")})\\s?(?:\\[\\d{1,4}\\]|\\(\\d{1,4}\\)|\\^\\d{1,4}|\\d{1,4})?\\s?[:：] ?`,
);
const BLOB = /^\[[^[\]]*\] ?/;
const FORWARDED = /^\[fwd: ?(.*)\]$/;

/** How many characters of a subject are read. */
const LENGTH = 500;

/**
 * The base subject, which replies and forwards share (RFC 5256 section 2.1). Prefixes of any known language and the
 * `[name]` of a mailing list are removed; a `[name]` stays if nothing else is left. In lower case.
 */
export function baseSubject(subject: string): string {
  let base = subject.slice(0, LENGTH).toLowerCase().replace(/\s+/g, " ").trim();
  for (let before = ""; base !== before; ) {
    before = base;
    while (base.endsWith("(fwd)")) base = base.slice(0, -"(fwd)".length).trimEnd();
    base = base.replace(PREFIX, "");
    base = base.replace(BLOB, "") || base;
    base = base.replace(FORWARDED, "$1").trim();
  }
  return base;
}
