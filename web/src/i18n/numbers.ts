import { language, locale } from "./index.ts";

/** A number as the language writes it, with at most one decimal. */
export const number = (value: number): string => value.toLocaleString(locale(), { maximumFractionDigits: 1 });

/** A number of percent, with its sign. */
export const percent = (value: number): string =>
  (value / 100).toLocaleString(locale(), { style: "percent", maximumFractionDigits: 0 });

const UNITS = { en: "B kB MB GB", ru: "Б КБ МБ ГБ", uz: "B KB MB GB", "uz-Cyrl": "Б КБ МБ ГБ" };

/** A size, such as 1.4 MB. @param bytes a thousand of them are a kilobyte, as in a file manager */
export function fileSize(bytes: number): string {
  const units = UNITS[language()].split(" ");
  let [value, unit] = [bytes, 0];
  // What would be rounded to 1000 is one of the next unit.
  while (value >= 999.5 && unit < units.length - 1) [value, unit] = [value / 1000, unit + 1];
  return `${number(unit > 0 && value < 9.95 ? value : Math.round(value))} ${units[unit]}`;
}
