// Uzbek in Latin letters, rewritten in Cyrillic ones by the official table of 1995. The page's own texts are written so
// that this is right: Latin has lost the soft sign and most of `ц`, so words with them are listed.

/** What stays Latin: placeholders, addresses, commands, keys, names and abbreviations. */
const KEPT = [
  String.raw`\{\w+\}|<[^>]*>|\S+@\S+|\w+:\/\/\S+|(?<!\S)\/\S+`,
  String.raw`npm run \w+|\b(?:Ctrl|Shift|Alt)[-+ ]\S|\b(?:Ctrl|Shift|Alt|Tab|Enter|Esc)\b`,
  String.raw`\b(?:Xabar|Nylas|Google|Gmail|Microsoft|Outlook|Exchange|iCloud|Yahoo|Chrome)`,
  String.raw`\b(?:API|CSV|HTML|ID|IMAP|JWT|PDF|SMTP|URL)\b`,
].join("|");
const WORD = String.raw`\p{L}(?:\p{L}|['‘’ʻʼ\x60](?=\p{L})|(?<=[oOgG])['‘’ʻʼ\x60])*`;
const PARTS = new RegExp(`(${KEPT})|${WORD}`, "gu");

/** Beginnings of words whose letters Latin does not tell. With a soft sign at the end only before a consonant. */
const STEMS: [latin: string, cyrillic: string][] = [
  ["kompyuter", "компьютер"],
  ["filtr", "фильтр"],
  ["parol", "пароль"],
  ["profil", "профиль"],
  ["rol", "роль"],
  ["funksiya", "функция"],
  ["yanvar", "январь"],
  ["fevral", "февраль"],
  ["aprel", "апрель"],
  ["iyun", "июнь"],
  ["iyul", "июль"],
  ["sentabr", "сентябрь"],
  ["oktabr", "октябрь"],
  ["noyabr", "ноябрь"],
  ["dekabr", "декабрь"],
];

const LETTERS = new Map(
  `yo‘ йў o‘ ў g‘ ғ sh ш ch ч yo ё yu ю ya я ye е ’ ъ
  a а b б c с d д f ф g г h ҳ i и j ж k к l л m м n н o о p п q қ r р s с t т u у v в x х y й z з`
    .split(/\s+/)
    .reduce<[string, string][]>((pairs, letter, index, all) => {
      if (index % 2 === 1) pairs.push([all[index - 1] ?? "", letter]);
      return pairs;
    }, []),
);

/** Rewrites an Uzbek text. Placeholders, addresses, keys, names and abbreviations stay Latin. */
export const toCyrillic = (text: string): string =>
  text.replace(PARTS, (part, kept?: string) => kept ?? wordToCyrillic(part));

function wordToCyrillic(word: string): string {
  // Each apostrophe of a keyboard: after o and g it is part of the letter, elsewhere a sign of its own.
  const latin = word.replace(/['‘’ʻʼ`]/g, "’").replace(/([og])’/gi, "$1‘");
  const lower = latin.toLowerCase();
  const stem = STEMS.find(([start]) => lower.startsWith(start));
  let result = "";
  let at = 0;
  if (stem) {
    const [start, cyrillic] = stem;
    at = start.length;
    const isSoft = !/^[aeiou]/.test(lower.slice(at));
    result = inCaseOf(latin.slice(0, at), isSoft ? cyrillic : cyrillic.replace(/ь$/, ""));
  }
  while (at < latin.length) {
    const [taken, cyrillic] = letterAt(lower, at);
    result += inCaseOf(latin.slice(at, at + taken), cyrillic);
    at += taken;
  }
  return result;
}

/** The Cyrillic letter at a place of a word in small letters. @returns how many Latin letters it replaces, and itself */
function letterAt(word: string, at: number): [taken: number, cyrillic: string] {
  const rest = word.slice(at);
  // As in Is’hoq, where it only says that s and h are two letters.
  if (/^s’h/.test(rest)) return [2, "с"];
  // In konstitutsiya it is one letter; in ketsa they are two.
  if (/^ts(iya|ion|ent)/.test(rest)) return [2, "ц"];
  if (rest.startsWith("e")) return [1, /(^|[aeiou‘])$/.test(word.slice(0, at)) ? "э" : "е"];
  for (const length of [3, 2, 1]) {
    const cyrillic = LETTERS.get(rest.slice(0, length));
    if (cyrillic && rest.length >= length) return [length, cyrillic];
  }
  return [1, rest.slice(0, 1)];
}

/** Cyrillic letters as large as the Latin ones that they replace. */
function inCaseOf(latin: string, cyrillic: string): string {
  const letters = latin.replace(/[‘’]/g, "");
  if (letters !== letters.toLowerCase() && letters === letters.toUpperCase() && letters.length > 1)
    return cyrillic.toUpperCase();
  const [first = ""] = latin;
  return first === first.toLowerCase() ? cyrillic : cyrillic.slice(0, 1).toUpperCase() + cyrillic.slice(1);
}
