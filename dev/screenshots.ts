import { mkdirSync } from "node:fs";
import { parseArgs } from "node:util";
import type { Browser } from "playwright-core";
import { launchChromium } from "./chromium.ts";

// `npm run screenshots -- --link "<the first link of npm run dev>" --chat "<that of the chat>"` takes the pictures of the
// README and of docs/chat.md. One link is enough.

const FOLDER = "docs/images";

const PICTURES = [
  { file: "inbox.png", colorScheme: "light", viewport: { width: 1280, height: 800 } },
  { file: "inbox-dark.png", colorScheme: "dark", viewport: { width: 1280, height: 800 } },
] as const;

/** Takes the pictures of the web inbox. @param link that signs in */
async function takeInbox(browser: Browser, link: string): Promise<void> {
  for (const { file, ...options } of PICTURES) {
    const page = await browser.newPage({ ...options, locale: "en-GB" });
    await page.goto(link);
    const rows = page.locator(".row:not(.is-skeleton)");
    // A conversation with several messages shows the most.
    await rows
      .filter({ has: page.locator(".row-count") })
      .first()
      .locator(".row-link")
      .click();
    await page.locator(".thread-pane iframe, .thread-pane .text-body").first().waitFor();
    await page.locator(".live-status.is-live").waitFor();
    await page.mouse.move(900, 700);
    // Images and frames settle.
    await page.waitForTimeout(1500);
    await page.screenshot({ path: `${FOLDER}/${file}` });
    await page.close();
    console.log(`${FOLDER}/${file}`);
  }
}

/** Takes the picture of a chat where one of two people is cut off. @param link that opens it */
async function takeChat(browser: Browser, link: string): Promise<void> {
  const page = await browser.newPage({ viewport: { width: 1200, height: 720 }, colorScheme: "light" });
  await page.goto(link);
  const [left, right] = [page.locator(".pane").first(), page.locator(".pane").last()];
  for (const pane of [left, right]) await pane.getByText("connected", { exact: true }).waitFor();
  await left.getByRole("button", { name: "Cut connection" }).click();
  await right.getByRole("textbox").pressSequentially("Kechikmang!");
  await right.getByRole("textbox").press("Enter");
  await right.getByRole("img", { name: "Sent" }).waitFor();
  await left.getByRole("textbox").fill("Yetti yarimda boʻlsa-chi?");
  await left.getByRole("textbox").press("Enter");
  await page.waitForTimeout(500);
  await page.screenshot({ path: `${FOLDER}/chat.png` });
  await page.close();
  console.log(`${FOLDER}/chat.png`);
}

const { values } = parseArgs({ options: { link: { type: "string" }, chat: { type: "string" } } });
if (!values.link && !values.chat) {
  console.error('Give a link that `npm run dev` prints: npm run screenshots -- --link "http://…"');
  process.exit(2);
}

mkdirSync(FOLDER, { recursive: true });
const browser = await launchChromium();
if (values.link) await takeInbox(browser, values.link);
if (values.chat) await takeChat(browser, values.chat);
await browser.close();
