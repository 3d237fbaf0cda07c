// Uzbek in Latin letters, rewritten in Cyrillic ones by the official table of 1995.

/** Longer letters first. */
const LETTERS: [string, string][] = [
  ["o‘", "ў"],
  ["g‘", "ғ"],
  ["sh", "ш"],
  ["ch", "ч"],
  ["yo‘", "йў"],
  ["yo", "ё"],
  ["yu", "ю"],
  ["ya", "я"],
  ["ye", "е"],
  ["ts", "ц"],
  ["’", "ъ"],
];
const SINGLE =
  "a а b б c с d д f ф g г h ҳ i и j ж k к l л m м n н o о p п q қ r р s с t т u у v в x х y й z з";
const TABLE = new Map<string, string>([
  ...LETTERS,
  ...SINGLE.split(" ").reduce<[string, string][]>((pairs, letter, index, all) => {
    if (index % 2 === 0) pairs.push([letter, all[index + 1] ?? ""]);
    return pairs;
  }, []),
]);

/** Placeholders, keys and addresses stay as they are. */
const KEPT = /\{\w+\}|<[^>]*>|\S+@\S+|\S+:\S*|Ctrl\S*|Xabar|yo‘|[a-z]+[‘’]?|./gisu;

/** Rewrites an Uzbek text. What stands in braces, and addresses, stay Latin. */
export const toCyrillic = (text: string): string =>
  text.replace(KEPT, (part) => (/^(\{|<|Ctrl)|[@:]/.test(part) ? part : toWord(part)));

function toWord(word: string): string {
  let result = "";
  for (let at = 0; at < word.length; ) {
    const rest = word.slice(at);
    const lower = rest.toLowerCase();
    const size = [3, 2, 1].find((length) => length <= rest.length && TABLE.has(lower.slice(0, length))) ?? 1;
    const latin = lower.slice(0, size);
    // E is Э at the beginning of a word and after a vowel.
    const cyrillic =
      latin === "e" ? (/(^|[aeiou])$/i.test(word.slice(0, at)) ? "э" : "е") : (TABLE.get(latin) ?? latin);
    const isUpper = rest.slice(0, 1) !== lower.slice(0, 1);
    result += isUpper ? cyrillic.slice(0, 1).toUpperCase() + cyrillic.slice(1) : cyrillic;
    at += size;
  }
  return result;
}
