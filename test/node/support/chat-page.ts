import type { Browser, BrowserContextOptions, Locator, Page } from "playwright-core";
import { afterAll, beforeAll, expect, inject, onTestFinished } from "vitest";
import { launchChromium } from "../../../dev/chromium.ts";
import { people } from "../../../dev/hub/people.ts";
import { WAIT_MS, waitFor } from "../../support/wait.ts";

/** The link that `npm run dev` prints. */
export const link = new URL(inject("inbox").chat);

/** What it brings after #. */
export const { server, one, two } = Object.fromEntries(new URLSearchParams(link.hash.slice(1))) as Record<
  "server" | "one" | "two",
  string
>;

let browser: Browser;

beforeAll(async () => {
  browser = await launchChromium();
});

afterAll(async () => {
  await browser?.close();
});

/** Opens an address in a browser of its own. */
export async function openPage(url: URL | string, options: BrowserContextOptions = {}): Promise<Page> {
  const context = await browser.newContext({ viewport: { width: 1280, height: 800 }, ...options });
  onTestFinished(() => context.close());
  context.setDefaultTimeout(WAIT_MS);
  const page = await context.newPage();
  await page.goto(String(url));
  return page;
}

/** One person's column of the page. */
export class Column {
  readonly locator: Locator;

  constructor(page: Page, nth: number) {
    const { first_name, last_name } = people[nth]!;
    this.locator = page.getByRole("region", { name: `${first_name} ${last_name}` });
  }

  get field(): Locator {
    return this.locator.getByRole("textbox");
  }

  button(name: string): Locator {
    return this.locator.getByRole("button", { name, exact: true });
  }

  async write(text: string): Promise<void> {
    await this.field.fill(text);
    await this.field.press("Enter");
  }

  /** The row of a message. */
  row(text: string): Locator {
    return this.locator.locator(".message").filter({ hasText: text });
  }

  /** The texts of all messages, in their order. */
  texts(): Promise<string[]> {
    return this.locator.locator(".message .text").allTextContents();
  }

  /** Waits until it says that it is connected. */
  live(): Promise<void> {
    return this.locator.getByText("connected", { exact: true }).waitFor();
  }
}

/** Opens the chat, and waits until both are connected. */
export async function openChat(
  options?: BrowserContextOptions,
): Promise<{ page: Page; left: Column; right: Column }> {
  const page = await openPage(link, options);
  const [left, right] = [new Column(page, 0), new Column(page, 1)];
  await Promise.all([left.live(), right.live()]);
  return { page, left, right };
}

/** Waits until both columns have the same messages, and the newest ones are these. */
export const expectBoth = (left: Column, right: Column, newest: string[]): Promise<void> =>
  waitFor(async () => {
    const texts = await left.texts();
    expect(texts.slice(-newest.length)).toEqual(newest);
    expect(await right.texts()).toEqual(texts);
  });
