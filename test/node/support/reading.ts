import type { FrameLocator, Page } from "playwright-core";
import { server } from "./inbox.ts";

/** An image of one pixel. */
export const PIXEL = Buffer.from(
  "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==",
  "base64",
);

/** Opens a conversation by its address. */
export async function openThread(page: Page, threadId: string, view = "inbox"): Promise<void> {
  await page.goto(`${server.url}/app/${view}/${threadId}`);
  await page.locator(".thread-header h1").waitFor();
}

/** The HTML of the only mail that is open. */
export const mailIn = (page: Page): FrameLocator => page.frameLocator(".mail-frame iframe");
