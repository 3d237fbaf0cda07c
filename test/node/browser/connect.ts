import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import type { Browser, BrowserContext, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, beforeEach, expect, inject, test } from "vitest";
import { launchChromium } from "../../../dev/chromium.ts";
import { jwtSecret, signToken } from "../../../dev/token.ts";
import { WAIT_MS, waitFor } from "../../support/wait.ts";
import { deliver, uniqueSubject } from "../support/mail.ts";

// A frontend connects a mailbox by the code of docs/api.md, and the mailbox's owner answers on the stand-in's page.

const PAGE = `<!doctype html><meta charset="utf-8"><title>A frontend</title><h1>Settings</h1><p id="told"></p>
<script type="module">
  const api = async (path, init = {}) => {
    const { api, token } = sessionStorage;
    const headers = { authorization: "Bearer " + token, "content-type": "application/json" };
    const response = await fetch(api + path, { headers, credentials: "include", ...init });
    return { status: response.status, body: await response.json() };
  };
  window.connect = async (query) => {
    const all = new URLSearchParams({ ...query, return_to: location.origin + "/settings?tab=boxes#list" });
    location.href = (await api("/accounts/connect?" + all)).body.url;
  };
  const { account_id, error, code, state } = Object.fromEntries(new URLSearchParams(location.search));
  let told = account_id ? "connected " + account_id : error ? "error " + error : "";
  if (code) {
    const { status, body } = await api("/accounts/connect", { method: "POST", body: JSON.stringify({ code, state }) });
    told = status === 201 ? "finished " + body.id : "error " + status + " " + body.detail;
  }
  document.querySelector("#told").textContent = told;
</script>`;

const server = inject("inbox");
/** Not of the demo, whose mailboxes other suites count. */
const COMPANY = 100_000 + Math.floor(Math.random() * 1_000_000);
const adminToken = await signToken({ user: 1, companies: [COMPANY], role: "admin", hours: 1 }, jwtSecret());
const pages = createServer((_, response) => {
  response.setHeader("content-type", "text/html");
  response.end(PAGE);
});
let browser: Browser;
let context: BrowserContext;
let page: Page;

beforeAll(async () => {
  await once(pages.listen(0, "127.0.0.1"), "listening");
  browser = await launchChromium(
    // The pages listen on 127.0.0.1 alone.
    "--host-resolver-rules=MAP localhost 127.0.0.1",
  );
});

afterAll(async () => {
  await browser?.close();
  pages.close();
});

beforeEach(async () => {
  context = await browser.newContext();
  page = await context.newPage();
  page.setDefaultTimeout(WAIT_MS);
  page.setDefaultNavigationTimeout(WAIT_MS);
});

afterEach(() => context.close());

/** A frontend on localhost is on the Worker's site, one on 127.0.0.1 is not. */
async function openFrontend(host: "localhost" | "127.0.0.1", token = adminToken): Promise<void> {
  await page.goto(`http://${host}:${(pages.address() as AddressInfo).port}/`);
  await page.evaluate(`Object.assign(sessionStorage, ${JSON.stringify({ api: server.url, token })})`);
}

async function beginAt(host: "localhost" | "127.0.0.1"): Promise<void> {
  await openFrontend(host);
  await page.evaluate(`void connect({ company_id: ${COMPANY}, provider: "microsoft" })`);
  await page.getByRole("heading", { name: "Connect a mailbox" }).waitFor();
}

async function allow(email: string): Promise<void> {
  await page.getByLabel("Email").fill(email);
  await page.getByRole("button", { name: "Allow" }).click();
}

/** What the frontend shows, once it is back on its page. */
async function told(): Promise<string> {
  await page.waitForURL(/\/settings\?tab=boxes&.*#list$/);
  return waitFor(async () => {
    const text = await page.locator("#told").textContent();
    expect(text).toBeTruthy();
    return text ?? "";
  });
}

// biome-ignore lint/suspicious/noExplicitAny: each call says what it expects
async function get(path: string): Promise<any> {
  const response = await fetch(server.url + path, { headers: { authorization: `Bearer ${adminToken}` } });
  expect(response.status, path).toBe(200);
  return response.json();
}

let last = 0;
const newAddress = () => `owner${Date.now().toString(36)}-${++last}@sinov.example`;

/** The account becomes active, and receives a mail. */
async function expectMailbox(id: string, email: string): Promise<void> {
  await waitFor(async () => {
    const account = await get(`/accounts/${id}`);
    expect(account).toMatchObject({
      email_address: email,
      company_id: COMPANY,
      provider: "microsoft",
      status: "active",
    });
  });
  const subject = uniqueSubject("Salom");
  await deliver(server, { to: email, subject, text: "x" });
  await waitFor(async () => {
    const { items } = await get(`/inbox/?account_id=${id}`);
    expect(items.map((item: { message: { subject: string } }) => item.message.subject)).toEqual([subject]);
  });
}

test("a frontend on the Worker's site gets the account when the owner comes back", async () => {
  await beginAt("localhost");
  const email = newAddress();
  await allow(email);
  const [, id = ""] = /^connected (.+)$/.exec(await told()) ?? [];
  await expectMailbox(id, email);
});

test("a frontend of another site finishes with code and state", async () => {
  await beginAt("127.0.0.1");
  const email = newAddress();
  await allow(email);
  const [, id = ""] = /^finished (.+)$/.exec(await told()) ?? [];
  await expectMailbox(id, email);
});

test("an owner who says no is told of, and may go back and consent", async () => {
  await beginAt("localhost");
  await page.getByRole("button", { name: "Deny" }).click();
  expect(await told()).toBe("error access_denied");
  await page.goBack();
  await page.getByRole("heading", { name: "Connect a mailbox" }).waitFor();
  await allow(newAddress());
  expect(await told()).toMatch(/^connected /);
});

test("a sign-in that an attacker began connects nothing in another browser", async () => {
  const token = await signToken({ user: 666, companies: [COMPANY], role: "agent", hours: 1 }, jwtSecret());
  const return_to = `http://localhost:${(pages.address() as AddressInfo).port}/settings?tab=boxes#list`;
  const query = new URLSearchParams({ company_id: String(COMPANY), return_to });
  const headers = { authorization: `Bearer ${token}` };
  const begun = await fetch(`${server.url}/accounts/connect?${query}`, { headers });
  const { url } = (await begun.json()) as { url: string };
  const before = await get("/accounts/");

  await openFrontend("localhost");
  await page.goto(url);
  await allow(newAddress());
  expect(await told()).toBe("error 400 state: This sign-in is unknown, used or expired; start again");
  expect(await get("/accounts/")).toEqual(before);
});
