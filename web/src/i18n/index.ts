import { toCyrillic } from "./cyrillic.ts";
import type { en } from "./en.ts";

// The texts of the page in four languages. A language is loaded when it is chosen; the page is then drawn again.

/** A text, or its forms for `{n}` by the language's plural rules (Unicode CLDR): `other` and what differs from it. */
export type Text = string | { one?: string; few?: string; many?: string; other: string };
export type Key = keyof typeof en;
export type Texts = Record<Key, Text>;

export const LANGUAGES = { uz: "O‘zbekcha", "uz-Cyrl": "Ўзбекча", ru: "Русский", en: "English" } as const;
export type Language = keyof typeof LANGUAGES;

const loaders: Record<Language, () => Promise<Texts>> = {
  en: async () => (await import("./en.ts")).en,
  ru: async () => (await import("./ru.ts")).ru,
  uz: async () => (await import("./uz.ts")).uz,
  "uz-Cyrl": async () => {
    const { uz } = await import("./uz.ts");
    const convert = (text: Text) =>
      typeof text === "string" ? toCyrillic(text) : { other: toCyrillic(text.other) };
    return Object.fromEntries(Object.entries(uz).map(([key, text]) => [key, convert(text)])) as Texts;
  },
};

let current: Language = "en";
let texts = {} as Texts;
let rules = new Intl.PluralRules("en");

/** The language of the page. */
export const language = (): Language => current;

/** The language that this browser prefers, among those of the page. */
export function preferredLanguage(): Language {
  for (const tag of navigator.languages) {
    if (/^uz-cyrl/i.test(tag)) return "uz-Cyrl";
    const [base = ""] = tag.toLowerCase().split("-");
    if (base === "uz" || base === "ru" || base === "en") return base;
  }
  return "en";
}

/** Loads a language, and makes it that of the page. */
export async function setLanguage(next: Language): Promise<void> {
  texts = await loaders[next]();
  current = next;
  rules = new Intl.PluralRules(next);
  document.documentElement.lang = next;
}

/** The locale of dates and numbers that every browser has. Uzbek writes numbers as Russian does. */
export const locale = (): string => (current === "en" ? "en-GB" : "ru");

/**
 * The text of a key. `{name}` in it becomes the parameter of that name, and `n` chooses its plural form. A number is
 * written as the language does; an id that is a number should come as a string.
 */
export function t(key: Key, parameters: Record<string, string | number> = {}): string {
  const text = texts[key];
  const form = typeof text === "string" ? text : formOf(text, Number(parameters.n));
  return form.replace(/\{(\w+)\}/g, (whole, name: string) => {
    const value = parameters[name] ?? whole;
    return typeof value === "number" ? value.toLocaleString(locale()) : value;
  });
}

const formOf = (forms: Exclude<Text, string>, n: number): string =>
  forms[rules.select(n) as "one" | "few" | "many"] ?? forms.other;
