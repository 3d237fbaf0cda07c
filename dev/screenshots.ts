import { mkdirSync } from "node:fs";
import { parseArgs } from "node:util";
import { launchChromium } from "./chromium.ts";

// `npm run screenshots -- --link "<the link of npm run dev>"` takes the pictures of the README.

const FOLDER = "docs/images";

const PICTURES = [
  { file: "inbox.png", colorScheme: "light", viewport: { width: 1280, height: 800 } },
  { file: "inbox-dark.png", colorScheme: "dark", viewport: { width: 1280, height: 800 } },
] as const;

const { values } = parseArgs({ options: { link: { type: "string" } } });
if (!values.link) {
  console.error('Give the link that `npm run dev` prints: npm run screenshots -- --link "http://…"');
  process.exit(2);
}

mkdirSync(FOLDER, { recursive: true });
const browser = await launchChromium();
for (const { file, ...options } of PICTURES) {
  const page = await browser.newPage({ ...options, locale: "en-GB" });
  await page.goto(values.link);
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
await browser.close();
