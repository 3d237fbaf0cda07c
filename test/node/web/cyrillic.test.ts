import { expect, it } from "vitest";
import { toCyrillic } from "../../../web/src/i18n/cyrillic.ts";

// Pairs from the official table of 1995, and from what the page says.

const WORDS: [string, string][] = [
  // Letters of two signs, in small and in capitals.
  ["o‘qilmagan g‘isht", "ўқилмаган ғишт"],
  ["O‘zbekiston, G‘ijduvon", "Ўзбекистон, Ғиждувон"],
  ["shahar Chorsu", "шаҳар Чорсу"],
  ["SHAHAR CHORSU O‘ZBEK", "ШАҲАР ЧОРСУ ЎЗБЕК"],
  ["yo‘q yo‘l Yo‘lchi", "йўқ йўл Йўлчи"],
  ["yozishma yubor yangi yetti", "ёзишма юбор янги етти"],
  ["Yozishma Yuborilgan Yangi Yetti", "Ёзишма Юборилган Янги Етти"],
  ["xat hamma", "хат ҳамма"],
  ["jildlar qora", "жилдлар қора"],
  // Each apostrophe that people type.
  ["o'qish o’qish oʻqish o`qish oʼqish", "ўқиш ўқиш ўқиш ўқиш ўқиш"],
  ["ma’no ma'no maʼno", "маъно маъно маъно"],
  ["san’at, e’lon", "санъат, эълон"],
  ["Is’hoq", "Исҳоқ"],
  ["tog‘", "тоғ"],
  ["‘qoralama’", "‘қоралама’"],
  // E at the beginning and after a vowel, elsewhere, and ye.
  ["ertaga elchi", "эртага элчи"],
  ["Ekran", "Экран"],
  ["poema", "поэма"],
  ["keyin berish", "кейин бериш"],
  ["yetib poyezd", "етиб поезд"],
  ["bo‘edi", "бўэди"],
  // Two letters, and one.
  ["ketsa aytsin", "кетса айтсин"],
  ["konstitutsiya dotsent", "конституция доцент"],
  // What Latin does not tell.
  ["kompyuteringiz kompyuter", "компьютерингиз компьютер"],
  ["filtr filtri", "фильтр фильтри"],
  ["Rol: rolni, roli", "Роль: рольни, роли"],
  ["sentabr iyul", "сентябрь июль"],
];

it.each(WORDS)("%s becomes %s", (latin, cyrillic) => {
  expect(toCyrillic(latin)).toBe(cyrillic);
});

const KEPT: [string, string][] = [
  ["{n} ta o‘qilmagan xat", "{n} та ўқилмаган хат"],
  ["Kimga: {names}ga", "Кимга: {names}га"],
  ["{n}-urinish", "{n}-уриниш"],
  ["Xabar xizmati", "Xabar хизмати"],
  ["Ctrl-K yoki Esc bosing", "Ctrl-K ёки Esc босинг"],
  ["aziza@mijoz.example manzili", "aziza@mijoz.example манзили"],
  ["https://xabar.example/app ochiladi", "https://xabar.example/app очилади"],
  ["/docs sahifasi", "/docs саҳифаси"],
  ["npm run dev chiqargan havola", "npm run dev чиқарган ҳавола"],
  ["PDF va IMAP", "PDF ва IMAP"],
  ["Google yoki Microsoft", "Google ёки Microsoft"],
  ["Салом 12:30", "Салом 12:30"],
];

it.each(KEPT)("%s keeps what is no Uzbek word", (latin, cyrillic) => {
  expect(toCyrillic(latin)).toBe(cyrillic);
});

it("leaves no Latin letter of an Uzbek word", () => {
  const alphabet = "abdefghijklmnopqrstuvxyz o‘ g‘ sh ch ng ’";
  expect(toCyrillic(alphabet)).not.toMatch(/[a-z]/);
});
