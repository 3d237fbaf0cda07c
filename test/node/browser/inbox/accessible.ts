import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import type { AxeResults } from "axe-core";
import type { Page } from "playwright-core";
import { expect, test } from "vitest";
import { openInbox, receiveStored, rowOf } from "../../support/inbox.ts";

// What axe-core finds, in each state of the page. The frames of mails are not ours.

const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

async function expectAccessible(page: Page): Promise<void> {
  // The page's policy allows no script from elsewhere, so that axe is evaluated.
  await page.evaluate(AXE);
  const { violations } = await page.evaluate(() => {
    const { axe } = globalThis as unknown as { axe: { run(context: object): Promise<AxeResults> } };
    return axe.run({ exclude: [["iframe"]] });
  });
  const serious = violations.filter(({ impact }) => impact === "serious" || impact === "critical");
  const told = serious.flatMap(({ id, help, nodes }) => nodes.map(({ html }) => `${id}: ${help}: ${html}`));
  expect(told).toEqual([]);
}

const PHONE = { viewport: { width: 360, height: 740 }, hasTouch: true, isMobile: true } as const;

interface State {
  name: string;
  options?: Parameters<typeof openInbox>[0];
  reach(page: Page, mail: { subject: string; thread_id: string }): Promise<unknown>;
}

const inList = (page: Page) => page.locator(".row-link").first().waitFor();

const inThread = async (page: Page, { subject }: { subject: string }) => {
  await rowOf(page, subject).locator(".row-link").click();
  await page.getByRole("heading", { name: subject }).waitFor();
};

const STATES: State[] = [
  { name: "a list", reach: inList },
  { name: "a list in the dark", options: { colorScheme: "dark" }, reach: inList },
  { name: "a list on a phone", options: PHONE, reach: inList },
  { name: "a conversation", reach: inThread },
  { name: "a conversation in the dark", options: { colorScheme: "dark" }, reach: inThread },
  {
    name: "the composer",
    reach: async (page, mail) => {
      await inThread(page, mail);
      await page.keyboard.press("r");
      await page.getByRole("textbox", { name: "Text of the message" }).waitFor();
    },
  },
  {
    name: "the palette",
    reach: async (page) => {
      await inList(page);
      await page.keyboard.press("Control+k");
      await page.getByPlaceholder("What do you want to do?").waitFor();
    },
  },
  {
    name: "the menu of a phone",
    options: PHONE,
    reach: async (page) => {
      await inList(page);
      await page.getByRole("button", { name: "Open the menu" }).click();
      await page.getByRole("navigation").getByText("Starred").waitFor();
    },
  },
  {
    name: "an error",
    options: { path: "/app/inbox/00000000-0000-7000-8000-000000000000" },
    reach: async (page) => {
      await inList(page);
      await page
        .getByText(/not found|nothing at this address|deleted/i)
        .first()
        .waitFor();
    },
  },
  {
    name: "an empty list",
    options: { path: "/app/starred" },
    reach: (page) => page.getByText("Nothing here").waitFor(),
  },
  {
    name: "no connection",
    reach: async (page) => {
      await inList(page);
      await page.context().setOffline(true);
      await page.getByText("Offline", { exact: false }).first().waitFor();
    },
  },
  {
    name: "the settings",
    options: { path: "/app/settings" },
    reach: (page) => page.getByRole("heading", { name: "Settings" }).waitFor(),
  },
  {
    name: "the mailboxes in the dark",
    options: { path: "/app/mailboxes", colorScheme: "dark", role: "admin" },
    reach: (page) => page.locator(".mailbox-row").first().waitFor(),
  },
  {
    name: "a mailbox on a phone",
    options: { path: "/app/mailboxes", role: "admin", ...PHONE },
    reach: async (page) => {
      await page.locator(".mailbox-row").first().click();
      await page.getByText("The history is read").waitFor();
    },
  },
  {
    name: "a question",
    options: { path: "/app/mailboxes", role: "admin" },
    reach: async (page) => {
      await page.locator(".mailbox-row").first().click();
      await page.getByRole("button", { name: "Erase" }).click();
      await page.getByRole("dialog").waitFor();
    },
  },
  {
    name: "the notifications",
    options: { path: "/app/notifications", role: "admin" },
    reach: (page) => page.getByRole("heading", { name: "Parked notifications" }).waitFor(),
  },
];

test.each(STATES)("nothing serious in $name", async ({ options = {}, reach }) => {
  const mail = await receiveStored();
  const { page } = await openInbox(options);
  await reach(page, mail);
  await expectAccessible(page);
});

test.each([
  ["at 360 pixels", { viewport: { width: 360, height: 740 } }],
  ["at a zoom of 200 %", { viewport: { width: 640, height: 400 } }],
])("nothing is wider than the page %s", async (_, options) => {
  const mail = await receiveStored();
  const { page } = await openInbox(options);
  const expectNoOverflow = async () =>
    expect(await page.evaluate(() => document.documentElement.scrollWidth - innerWidth)).toBeLessThanOrEqual(
      0,
    );
  await inList(page);
  await expectNoOverflow();
  await inThread(page, mail);
  await expectNoOverflow();
  await page.keyboard.press("r");
  await page.getByRole("textbox", { name: "Text of the message" }).waitFor();
  await expectNoOverflow();
});

test("who wants less motion gets none", async () => {
  const { page } = await openInbox({ reducedMotion: "reduce" });
  await inList(page);
  const longest = await page.evaluate(() =>
    Math.max(0, ...document.getAnimations().map(({ effect }) => Number(effect?.getTiming().duration ?? 0))),
  );
  expect(longest).toBeLessThan(1);
});
