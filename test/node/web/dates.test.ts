import { beforeAll, describe, expect, it } from "vitest";
import { longDate, relativeTime, shortDate } from "../../../web/src/i18n/dates.ts";
import { type Language, setLanguage, t } from "../../../web/src/i18n/index.ts";
import { fileSize, number } from "../../../web/src/i18n/numbers.ts";

// Months and numbers in Chromium: test/node/browser/screens-languages.ts.

const at = (text: string) => new Date(text);
const now = at("2026-11-24T15:00:00");
const iso = (text: string) => at(text).toISOString();
const ago = (seconds: number) => relativeTime(new Date(now.getTime() - seconds * 1000).toISOString(), now);

const EXPECTED: Record<Language, { short: string[]; long: string; ago: string[] }> = {
  en: {
    short: ["09:05", "5 Nov", "24 Nov 2025"],
    long: "Tuesday, 24 November 2026, 09:05",
    ago: ["just now", "20 s ago", "5 min ago", "23 h ago", "1 day ago", "6 days ago", "17 Nov"],
  },
  ru: {
    short: ["09:05", "5 нояб.", "24.11.2025"],
    long: "вторник, 24 ноября 2026 г., 09:05",
    ago: [
      "только что",
      "20 с назад",
      "5 мин назад",
      "23 ч назад",
      "1 день назад",
      "6 дней назад",
      "17 нояб.",
    ],
  },
  uz: {
    short: ["09:05", "5-noy", "24.11.2025"],
    long: "2026-yil 24-noyabr, seshanba, 09:05",
    ago: [
      "hozirgina",
      "20 soniya oldin",
      "5 daqiqa oldin",
      "23 soat oldin",
      "1 kun oldin",
      "6 kun oldin",
      "17-noy",
    ],
  },
  "uz-Cyrl": {
    short: ["09:05", "5-ноя", "24.11.2025"],
    long: "2026-йил 24-ноябрь, сешанба, 09:05",
    ago: [
      "ҳозиргина",
      "20 сония олдин",
      "5 дақиқа олдин",
      "23 соат олдин",
      "1 кун олдин",
      "6 кун олдин",
      "17-ноя",
    ],
  },
};

describe.each(Object.entries(EXPECTED) as [Language, (typeof EXPECTED)[Language]][])(
  "%s",
  (language, want) => {
    beforeAll(async () => {
      Object.assign(globalThis, { document: { documentElement: {} } });
      await setLanguage(language);
    });

    it("says when, in a list and in full", () => {
      const times = ["2026-11-24T09:05:00", "2026-11-05T09:05:00", "2025-11-24T09:05:00"];
      expect(times.map((time) => shortDate(iso(time), now))).toEqual(want.short);
      expect(longDate(iso("2026-11-24T09:05:00"))).toBe(want.long);
    });

    it("says how long ago", () => {
      expect([0, 20, 300, 23 * 3600, 86_400, 6 * 86_400, 7 * 86_400].map(ago)).toEqual(want.ago);
      expect(ago(-60)).toBe(want.ago[0]);
    });
  },
);

describe("numbers", () => {
  it.each<[Language, string[], string]>([
    ["en", ["999 B", "1 kB", "1.5 kB", "15 kB", "1 MB", "2.4 GB"], "12,345.7"],
    ["ru", ["999 Б", "1 КБ", "1,5 КБ", "15 КБ", "1 МБ", "2,4 ГБ"], "12 345,7"],
    ["uz", ["999 B", "1 KB", "1,5 KB", "15 KB", "1 MB", "2,4 GB"], "12 345,7"],
    ["uz-Cyrl", ["999 Б", "1 КБ", "1,5 КБ", "15 КБ", "1 МБ", "2,4 ГБ"], "12 345,7"],
  ])("of %s", async (language, sizes, big) => {
    await setLanguage(language);
    expect([999, 1000, 1500, 15_400, 999_999, 2_400_000_000].map(fileSize)).toEqual(sizes);
    expect(number(12_345.67).replace(/\s/g, " ")).toBe(big);
  });
});

it("a number takes its form of Russian", async () => {
  await setLanguage("ru");
  expect([1, 2, 5, 11, 21, 104].map((n) => t("nav.unread", { n }))).toEqual([
    "1 непрочитанное письмо",
    "2 непрочитанных письма",
    "5 непрочитанных писем",
    "11 непрочитанных писем",
    "21 непрочитанное письмо",
    "104 непрочитанных письма",
  ]);
});
