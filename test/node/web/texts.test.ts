import { describe, expect, it } from "vitest";
import { toCyrillic } from "../../../web/src/i18n/cyrillic.ts";
import { en } from "../../../web/src/i18n/en.ts";
import type { Text } from "../../../web/src/i18n/index.ts";
import { ru } from "../../../web/src/i18n/ru.ts";
import { uz } from "../../../web/src/i18n/uz.ts";

// Whatever a colleague adds in one language has to be there in all of them.

const LANGUAGES = { en, ru, uz } as Record<string, Record<string, Text>>;
const keys = Object.keys(en);

const formsOf = (text: Text | undefined): string[] =>
  typeof text === "string" ? [text] : Object.values(text ?? {});

const placeholdersOf = (text: string): string[] =>
  [...text.matchAll(/\{\w+\}/g)].map(([name]) => name).sort();

/** Every form of every text, with its key. */
const all = (language: string): [key: string, form: string][] =>
  Object.entries(LANGUAGES[language] ?? {}).flatMap(([key, text]) =>
    formsOf(text).map((form): [string, string] => [key, form]),
  );

describe.each(["ru", "uz"])("%s", (language) => {
  const texts = LANGUAGES[language] ?? {};

  it("has the keys of English, in its order, each with a text", () => {
    expect(Object.keys(texts)).toEqual(keys);
    expect(all(language).filter(([, form]) => form.trim() === "")).toEqual([]);
  });

  it("has the placeholders of English in each form", () => {
    const broken = keys.flatMap((key) => {
      // The form of one may leave the number out in English, but not where 21 takes it too.
      const wanted = placeholdersOf(formsOf(LANGUAGES.en?.[key]).at(-1) ?? "");
      return formsOf(texts[key]).filter((form) => `${placeholdersOf(form)}` !== `${wanted}`);
    });
    expect(broken).toEqual([]);
  });

  it("is not English", () => {
    const same = keys.filter((key) => {
      const [text = ""] = formsOf(texts[key]);
      return text === formsOf(LANGUAGES.en?.[key])[0] && /[a-z]{3}/i.test(text);
    });
    // The same in all languages.
    expect(same).toEqual(keys.filter((key) => SAME[language]?.includes(key)));
  });
});

/** Texts that are the same as in English. */
const SAME: Record<string, string[]> = { ru: ["app.name"], uz: ["app.name", "signIn.token"] };

it("no text has a straight quote for an apostrophe, three dots, or a blank at its end", () => {
  const broken = ["en", "ru", "uz"].flatMap((language) =>
    all(language).filter(([, form]) => /(\w'\w)|\.\.\.|^\s|\s$/.test(form)),
  );
  expect(broken).toEqual([]);
});

it("a text counted in Russian has the forms for one, few and many", () => {
  const counted = Object.entries(ru).filter(([, text]) => typeof text !== "string");
  expect(counted.length).toBeGreaterThan(5);
  for (const [key, text] of counted)
    expect(Object.keys(text).sort(), key).toEqual(["few", "many", "one", "other"]);
});

it("Russian is in Cyrillic letters, Uzbek in Latin ones", () => {
  const foreign = all("ru").filter(([, form]) => !/\p{Script=Cyrillic}/u.test(form.replace(/\{\w+\}/g, "")));
  expect(foreign.map(([key]) => key)).toEqual(["app.name"]);
  expect(all("uz").filter(([, form]) => /\p{Script=Cyrillic}/u.test(form))).toEqual([]);
});

it("Uzbek writes o‘ and g‘ with one sign, and no letter that Uzbek has not", () => {
  const broken = all("uz").filter(([, form]) => /[oOgG][’ʻʼ'`]|w|c(?!h)/.test(form.replace(/\{\w+\}/g, "")));
  expect(broken).toEqual([]);
});

it("Uzbek in Cyrillic letters leaves only names, addresses and placeholders in Latin ones", () => {
  const latin = all("uz").flatMap(
    ([, form]) =>
      toCyrillic(form)
        .replace(/\{\w+\}/g, "")
        .match(/[a-z]+/gi) ?? [],
  );
  expect([...new Set(latin)].sort()).toEqual(LATIN);
});

/** What stays Latin in Uzbek Cyrillic. */
const LATIN = ["API", "Xabar", "dev", "npm", "run"];
