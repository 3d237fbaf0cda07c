import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, expect, inject, test } from "vitest";
import { launchChromium } from "../../../dev/chromium.ts";
import { jwtSecret, signToken } from "../../../dev/token.ts";

// The page /docs in Chromium, as `npm run dev` serves it.

const server = inject("inbox");
const token = await signToken({ user: 1, companies: [1, 2], role: "admin", hours: 1 }, jwtSecret());
let browser: Browser;
let page: Page;
const requested: string[] = [];
const complaints: string[] = [];

const WAIT = { timeout: 240_000 };

beforeAll(async () => {
  browser = await launchChromium();
  page = await browser.newPage({ viewport: { width: 1280, height: 900 } });
  page.on("request", (request) => requested.push(request.url()));
  page.on("pageerror", (error) => complaints.push(String(error)));
  page.on("console", (message) => {
    if (["error", "warning"].includes(message.type())) complaints.push(message.text());
  });
  await page.goto(`${server.url}/docs#tag/inbox/GET/inbox`);
  await page.getByRole("heading", { name: "List the inbox" }).waitFor(WAIT);
});

afterAll(async () => {
  await browser?.close();
});

test("a request is tried with a pasted token, and answered 200", async () => {
  await page.getByPlaceholder("Token").first().fill(token, WAIT);
  await page.getByRole("button", { name: /Test Request.*get \/inbox\)/i }).click(WAIT);
  const dialog = page.getByRole("dialog");
  const answered = page.waitForResponse((response) => new URL(response.url()).pathname === "/inbox", WAIT);
  await dialog.getByRole("button", { name: /^Send/ }).first().click(WAIT);
  const response = await answered;
  expect(response.status()).toBe(200);
  expect(response.request().headers().authorization).toBe(`Bearer ${token}`);
  await dialog.getByText("200 OK").first().waitFor(WAIT);
});

test("the page asks no other host, also while a request is tried", () => {
  expect(requested.length).toBeGreaterThan(4);
  const hosts = requested.filter((url) => /^(https?|wss?):/.test(url)).map((url) => new URL(url).host);
  expect([...new Set(hosts)]).toEqual([new URL(server.url).host]);
  expect(requested).toContain(`${server.url}/openapi.json`);
});

test("its policy lets it work, and nothing of the page was refused or failed", () => {
  expect(complaints).toEqual([]);
});

test("the document served is the one in the repository", async () => {
  const served = await (await fetch(`${server.url}/openapi.json`)).json();
  const { default: document } = await import("../../../openapi.json", { with: { type: "json" } });
  expect(served).toEqual(document);
});

test("the Email Service API has a page of its own", async () => {
  const other = await browser.newPage();
  await other.goto(`${server.url}/docs?email-service#tag/compose/POST/api/compose/send`);
  await other.getByRole("heading", { name: "Send a mail" }).first().waitFor(WAIT);
  await other.close();
});
