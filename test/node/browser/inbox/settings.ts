import type { Page } from "playwright-core";
import { describe, expect, it } from "vitest";
import { jwtSecret, signToken } from "../../../../dev/token.ts";
import { waitFor } from "../../../support/wait.ts";
import { newUser, openInbox } from "../../support/inbox.ts";

const settings = (page: Page) => page.getByRole("main");

/** In a time zone of its own, so that the dates are the same everywhere. */
const open = (options: Parameters<typeof openInbox>[0] = {}) =>
  openInbox({ path: "/app/settings", timezoneId: "Asia/Tashkent", ...options });

describe("languages", () => {
  // Chromium has no months of Uzbek in Latin letters, and Russian abbreviations for those in Cyrillic ones.
  const LANGUAGES = [
    {
      ...{ name: "O‘zbekcha", tag: "uz", title: "Sozlamalar", expiry: "2099-yil 24-noyabr, seshanba, 14:05" },
      row: /^(\d\d:\d\d|\d{1,2}-(yan|fev|mar|apr|may|iyn|iyu|avg|sen|okt|noy|dek)|\d\d\.\d\d\.\d{4})$/,
    },
    {
      ...{ name: "Ўзбекча", tag: "uz-Cyrl", title: "Созламалар" },
      expiry: "2099-йил 24-ноябрь, сешанба, 14:05",
      row: /^(\d\d:\d\d|\d{1,2}-(янв|фев|мар|апр|май|июн|июл|авг|сен|окт|ноя|дек)|\d\d\.\d\d\.\d{4})$/,
    },
    {
      ...{ name: "Русский", tag: "ru", title: "Настройки", expiry: "вторник, 24 ноября 2099 г., 14:05" },
      row: /^(\d\d:\d\d|\d{1,2} (янв|февр|мар|апр|ма[йя]|июн|июл|авг|сент|окт|нояб|дек)[а-я]*\.?|\d\d\.\d\d\.\d{4})$/,
    },
    {
      ...{ name: "English", tag: "en", title: "Settings", expiry: "Tuesday, 24 November 2099, 14:05" },
      row: /^(\d\d:\d\d|\d{1,2} (Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sept?|Oct|Nov|Dec)( \d{4})?)$/,
    },
  ];

  it.each(LANGUAGES)(
    "$name: texts and dates, also after a reload",
    async ({ name, tag, title, expiry, row }) => {
      const ends = Date.UTC(2099, 10, 24, 9, 5);
      const hours = (ends - Date.now()) / 3_600_000;
      const token = await signToken({ user: 1, companies: [1, 2], role: "agent", hours }, jwtSecret());
      const { page } = await open({ user: { ...(await newUser()), token } });
      await page.getByRole("radio", { name }).check();
      await page.getByRole("heading", { level: 1, name: title }).waitFor();
      await settings(page).getByText(expiry).waitFor();
      await page.reload();
      await page.getByRole("heading", { level: 1, name: title }).waitFor();
      expect(await page.locator("html").getAttribute("lang")).toBe(tag);
      await page.goto(new URL("/app/inbox", page.url()).href);
      await page.locator(".row:not(.is-skeleton) time").first().waitFor();
      const times = await page.locator(".row:not(.is-skeleton) time").allTextContents();
      expect(times.length).toBeGreaterThan(3);
      for (const time of times) expect(time).toMatch(row);
    },
  );

  it("begins in the language of the browser", async () => {
    for (const [locale, title] of [
      ["uz-UZ", "Sozlamalar"],
      ["uz-Cyrl-UZ", "Созламалар"],
      ["ru-RU", "Настройки"],
      ["kk-KZ", "Settings"],
    ] as const) {
      const { page } = await open({ locale });
      await page.getByRole("heading", { level: 1, name: title }).waitFor();
    }
  });
});

describe("appearance", () => {
  it("a chosen theme is there before the page's script, also after a reload", async () => {
    const { page } = await open({ colorScheme: "light" });
    const background = () => page.evaluate(() => getComputedStyle(document.documentElement).backgroundColor);
    const light = await background();
    await page.getByRole("radio", { name: "Dark" }).check();
    await waitFor(async () => expect(await background()).not.toBe(light));
    const dark = await background();
    await page.route("**/assets/*.js", (route) => route.abort());
    await page.reload();
    expect(await background()).toBe(dark);
    await page.unroute("**/assets/*.js");
    await page.reload();
    await page.getByRole("radio", { name: "As the system" }).check();
    await waitFor(async () => expect(await background()).toBe(light));
  });

  it("compact lists have lower rows", async () => {
    const { page } = await open({ path: "/app/inbox" });
    const row = page.locator(".row:not(.is-skeleton)").first();
    const height = async () => (await row.boundingBox())?.height ?? 0;
    await row.waitFor();
    const before = await height();
    await page.keyboard.press("g");
    await page.keyboard.press(",");
    await page.getByRole("radio", { name: "Compact" }).check();
    await page.goBack();
    await waitFor(async () => expect(await height()).toBeLessThan(before));
  });
});

describe("the account", () => {
  it("shows who is signed in, and signs out", async () => {
    const { page } = await open({ name: "Nodira Yusupova", role: "agent" });
    await settings(page).getByText("Nodira Yusupova").waitFor();
    await settings(page).getByText("agent", { exact: true }).waitFor();
    await settings(page).getByText("Anhor Quruq Mevalar").waitFor();
    await settings(page).getByRole("button", { name: "Sign out" }).click();
    await page.getByRole("heading", { name: "Sign in to Xabar" }).waitFor();
  });

  it("has the list of keys, and the way to the API's documentation", async () => {
    const { page, context } = await open();
    const keys = settings(page).getByRole("button", { name: "List of keys" });
    await keys.click();
    await page.getByRole("dialog").getByText("Archive").first().waitFor();
    await page.keyboard.press("Escape");
    await page.getByRole("dialog").waitFor({ state: "detached" });
    expect(await keys.evaluate((element) => element === document.activeElement)).toBe(true);
    const opened = context.waitForEvent("page");
    await settings(page).getByRole("link", { name: "API documentation" }).click();
    expect(new URL((await opened).url()).pathname).toBe("/docs");
  });
});
