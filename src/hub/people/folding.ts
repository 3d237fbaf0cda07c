import { lazy } from "../../lib/lazy.ts";

// Uzbek is written in Latin and in Cyrillic letters, with apostrophes of many kinds. A search finds all spellings.

/** Letters that Unicode does not take apart into a Latin letter and marks. */
const letters = lazy(
  (): Record<string, string> => ({
    ...{
      а: "a",
      б: "b",
      в: "v",
      г: "g",
      ғ: "g",
      ґ: "g",
      д: "d",
      е: "e",
      є: "e",
      э: "e",
      ё: "yo",
      ж: "j",
      з: "z",
    },
    ...{
      и: "i",
      і: "i",
      ї: "i",
      ы: "i",
      й: "y",
      к: "k",
      қ: "q",
      л: "l",
      м: "m",
      н: "n",
      ң: "n",
      о: "o",
      ө: "o",
    },
    ...{
      п: "p",
      р: "r",
      с: "s",
      т: "t",
      у: "u",
      ў: "o",
      ү: "u",
      ұ: "u",
      ф: "f",
      х: "h",
      ҳ: "h",
      һ: "h",
      ц: "ts",
    },
    ...{ ч: "ch", ҷ: "j", ш: "sh", щ: "sh", ъ: "", ь: "", ю: "yu", я: "ya", ә: "a", x: "h" },
    // The Latin alphabet of 2021 has one letter for each of these sounds.
    ...{ ş: "sh", ș: "sh", ç: "ch", ı: "i", ø: "o", ł: "l", đ: "d", ß: "ss", æ: "ae", œ: "oe" },
  }),
);

const APOSTROPHES = /['`´‘’‛′ʹʻʼʽʾʿˈˊˋ՚׳＇]/g;

/**
 * Folds a text to plain lower-case letters: `Шаҳзод`, `Shahzod` and `SHAXZOD` are the same. Letters of other scripts stay.
 * What is no letter and no digit becomes one space.
 */
export const fold = (text: string): string =>
  // Twice: `ӑ` is no letter of the table, but `а` is, which is left of it without its mark.
  toLatin(toLatin(plain(text)).normalize("NFD").replace(/\p{M}/gu, ""))
    .replace(/[^\p{L}\p{N}]+/gu, " ")
    // In Latin, `e` after a vowel or at the start is often written `ye`: one letter in Cyrillic.
    .replace(/y+e/g, "e")
    .trim();

const toLatin = (text: string): string => [...text].map((letter) => letters()[letter] ?? letter).join("");

/** Lower case, each letter with its marks as one character: `й` and `ў` are letters, not `и` and `у` with marks. */
const plain = (text: string): string =>
  text
    .replace(APOSTROPHES, "")
    .toWellFormed()
    .normalize("NFKC")
    .toLowerCase()
    .normalize("NFKC")
    .replace(APOSTROPHES, "");
