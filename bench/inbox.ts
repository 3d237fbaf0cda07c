import { parseArgs } from "node:util";
import type { Browser, Page } from "playwright-core";
import { launchChromium } from "../dev/chromium.ts";
import { answerLongList } from "../dev/long-list.ts";

/** A prefetched conversation is open after this many milliseconds, in the median. */
const MAX_OPEN_MS = 100;
/** Frames a second while the list scrolls; the screen shows 60. */
const MIN_FRAMES = 55;
/** The page's objects after 100,000 conversations, in MB. */
const MAX_HEAP_MB = 40;
const CONVERSATIONS = 100_000;
const OPENED = 20;

/**
 * `npm run bench -- inbox --link "<the link of npm run dev>"`: how fast the web inbox is in Chromium.
 * @returns 0, or 1 if it is over a bar
 */
export async function run(args: string[]): Promise<number> {
  const { values } = parseArgs({ args, options: { link: { type: "string" } } });
  if (!values.link) throw new Error("--link is missing: give the link that npm run dev prints");
  const browser = await launchChromium();
  try {
    const { firstMs, openMs } = await measureOpening(browser, values.link);
    const { frames, heapMb } = await measureScrolling(browser, values.link);
    console.log(`The list is there          ${Math.round(firstMs)} ms after the link was opened`);
    console.log(
      `The next conversation      ${Math.round(openMs)} ms (bar ${MAX_OPEN_MS}), median of ${OPENED}`,
    );
    console.log(`Frames a second            ${frames.toFixed(1)} (bar ${MIN_FRAMES}) while scrolling`);
    console.log(`Heap after ${CONVERSATIONS} rows    ${heapMb.toFixed(1)} MB (bar ${MAX_HEAP_MB})`);
    return openMs > MAX_OPEN_MS || frames < MIN_FRAMES || heapMb > MAX_HEAP_MB ? 1 : 0;
  } finally {
    await browser.close();
  }
}

const openPage = async (browser: Browser): Promise<Page> =>
  (await browser.newContext({ viewport: { width: 1280, height: 800 } })).newPage();

/** From the link to the list, and from `j` to the heading of the next conversation. */
async function measureOpening(browser: Browser, link: string) {
  const page = await openPage(browser);
  const startedAt = performance.now();
  await page.goto(link);
  await page.locator(".row-link").first().waitFor();
  const firstMs = performance.now() - startedAt;
  await page.keyboard.press("j");
  await page.keyboard.press("Enter");
  const times: number[] = [];
  for (let nth = 0; nth < OPENED; nth++) {
    // As a person reads: what comes next has been read by then.
    await page.waitForTimeout(1000);
    times.push(
      await page.evaluate(async () => {
        const heading = () => document.querySelector(".thread-pane h1, .thread-pane h2")?.textContent;
        const before = location.pathname + heading();
        const pressedAt = performance.now();
        dispatchEvent(new KeyboardEvent("keydown", { key: "j" }));
        while (location.pathname + heading() === before) await new Promise(requestAnimationFrame);
        return performance.now() - pressedAt;
      }),
    );
  }
  await page.context().close();
  return { firstMs, openMs: times.sort((a, b) => a - b)[OPENED / 2]! };
}

/** Scrolls a made-up list of 100,000, at the speed of a fast wheel. */
async function measureScrolling(browser: Browser, link: string) {
  const page = await openPage(browser);
  await answerLongList(page, CONVERSATIONS);
  await page.goto(link);
  await page.locator(".row-link").first().waitFor();
  await page.evaluate(async () => {
    const list = document.querySelector(".list-viewport")!;
    const rows = () => list.querySelector<HTMLElement>(".rows")!.offsetHeight;
    for (let known = 0, tries = 0; tries < 200; known = rows()) {
      tries = rows() === known ? tries + 1 : 0;
      list.scrollTo({ top: list.scrollHeight });
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  });
  const frames = await page.evaluate(async () => {
    const list = document.querySelector(".list-viewport")!;
    list.scrollTo({ top: list.scrollHeight / 2 });
    await new Promise((resolve) => setTimeout(resolve, 1000));
    const startedAt = performance.now();
    let count = 0;
    while (performance.now() - startedAt < 5000) {
      list.scrollBy({ top: 40 });
      await new Promise(requestAnimationFrame);
      count++;
    }
    return (count / (performance.now() - startedAt)) * 1000;
  });
  const session = await page.context().newCDPSession(page);
  await session.send("HeapProfiler.collectGarbage");
  const { usedSize } = await session.send("Runtime.getHeapUsage");
  await page.context().close();
  return { frames, heapMb: usedSize / 1e6 };
}
