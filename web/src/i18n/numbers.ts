import { language } from "./index.ts";

// Uzbek writes numbers as Russian does: 12 345,6.

const tag = (): string => (language() === "en" ? "en-GB" : "ru");

/** A number as the language writes it, with at most one decimal. */
export const number = (value: number): string => value.toLocaleString(tag(), { maximumFractionDigits: 1 });

/** A number of percent, with its sign. */
export const percent = (value: number): string =>
  (value / 100).toLocaleString(tag(), { style: "percent", maximumFractionDigits: 0 });

const UNITS = { en: "B kB MB GB", ru: "Б КБ МБ ГБ", uz: "B KB MB GB", "uz-Cyrl": "Б КБ МБ ГБ" };

/** A size, such as 1.4 MB. @param bytes a thousand of them are a kilobyte, as in a file manager */
export function fileSize(bytes: number): string {
  const units = UNITS[language()].split(" ");
  const power = Math.min(Math.floor(Math.log10(Math.max(bytes, 1)) / 3), 3);
  const value = bytes / 1000 ** power;
  return `${number(value < 10 && power > 0 ? value : Math.round(value))} ${units[power]}`;
}
