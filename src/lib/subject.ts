/** Words that mail programs put before the subject of a reply or a forward, in the languages that are met. */
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

/** Of a longer subject only so much is looked at. */
const LENGTH = 500;

/**
 * The part of a subject that replies and forwards have in common (RFC 5256 section 2.1): without their prefixes, also
 * those of other languages, and without the `[name]` of a mailing list, unless nothing else is there. In lower case.
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
