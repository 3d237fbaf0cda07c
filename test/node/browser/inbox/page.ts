import type { Page } from "playwright-core";
import { describe, expect, test } from "vitest";
import { waitFor } from "../../../support/wait.ts";
import { newUser, openInbox, receiveStored, rowOf, server } from "../../support/inbox.ts";

// The addresses of the web inbox, its sign-in and its policy, as a browser keeps them.

const list = (page: Page) => page.locator(".row:not(.is-skeleton)").first();

/** What the page complains about, and the addresses that it asks, from now on. */
function watch(page: Page) {
  const complaints: string[] = [];
  const requested: string[] = [];
  page.on("pageerror", (error) => complaints.push(String(error)));
  page.on("console", (message) => {
    if (["error", "warning"].includes(message.type())) complaints.push(message.text());
  });
  page.on("request", (request) => requested.push(request.url()));
  return { complaints, requested };
}

describe("without a token", () => {
  test("a shared link asks for one, keeps its address, and then opens what it leads to", async () => {
    const { thread_id, subject } = await receiveStored();
    const { token } = await newUser();
    const { page, context } = await openInbox();
    await page.evaluate(() => localStorage.clear());
    const shared = await context.newPage();
    await shared.goto(`${server.url}/app/inbox/${thread_id}`);
    await shared.getByLabel("Token").fill("eyJ.not.one");
    await shared.getByRole("button", { name: "Sign in" }).click();
    await shared.getByRole("alert").filter({ hasText: "not a valid token" }).waitFor();
    await shared.getByLabel("Token").fill(token);
    await shared.getByRole("button", { name: "Sign in" }).click();
    await shared.getByRole("heading", { name: subject }).waitFor();
    expect(new URL(shared.url()).pathname).toBe(`/app/inbox/${thread_id}`);
  });
});

describe("the link that signs in", () => {
  test("leads to the inbox, and its token is in no address afterwards, nor sent in one", async () => {
    const { token } = await newUser();
    const { page } = await openInbox({ path: "/docs" });
    const { requested } = watch(page);
    await page.goto(`${server.url}/#token=${token}`);
    await list(page).waitFor();
    expect(page.url()).toBe(`${server.url}/app/inbox`);
    await list(page).click();
    await page.waitForURL(/\/app\/inbox\/.+/);
    await waitFor(() => expect(requested.some((url) => url.includes("/sse/events"))).toBe(true));
    expect(requested.slice(1).filter((url) => url.includes(token))).toEqual([]);
    await page.goBack();
    await page.goBack();
    expect(page.url()).not.toContain(token);
  });
});

test("an address within the inbox is there again after a reload, and for a colleague", async () => {
  const { thread_id, subject } = await receiveStored();
  const { page } = await openInbox();
  await rowOf(page, subject).click();
  await page.getByRole("heading", { name: subject }).waitFor();
  await page.waitForURL(new RegExp(thread_id));
  await page.reload();
  await page.getByRole("heading", { name: subject }).waitFor();
  const colleague = await openInbox({ path: new URL(page.url()).pathname });
  await colleague.page.getByRole("heading", { name: subject }).waitFor();
});

test("every view and screen opens at its address, asks no other host, and breaks no rule of the policy", async () => {
  const { page } = await openInbox({ role: "admin" });
  const { complaints, requested } = watch(page);
  await list(page).waitFor();
  const links = page.locator(".sidebar a[href^='/app/']");
  const addresses = new Set(await links.evaluateAll((all) => all.map((a) => (a as HTMLAnchorElement).href)));
  expect(addresses.size).toBeGreaterThan(10);
  for (const address of addresses) {
    await page.goto(address);
    await page.getByRole("main").first().waitFor();
    expect(await page.getByText("There is nothing at this address").count(), address).toBe(0);
  }
  expect(complaints).toEqual([]);
  const hosts = requested.filter((url) => /^(https?|wss?):/.test(url)).map((url) => new URL(url).host);
  expect([...new Set(hosts)]).toEqual([new URL(server.url).host]);
});

test("a part that a newer version no longer has says so in its place, and all else stays usable", async () => {
  const { page } = await openInbox();
  await list(page).waitFor();
  await page.route(/\/assets\/(composer|screens)/, (route) =>
    route.fulfill({ status: 404, contentType: "application/json", body: '{"detail":"Not found"}' }),
  );
  await page.goto(`${server.url}/app/settings`);
  const lost = page.getByRole("alert").filter({ hasText: "There is a newer version of Xabar" });
  await lost.waitFor();
  const [sidebar, place] = [await page.locator(".sidebar").boundingBox(), await lost.boundingBox()];
  expect([place!.x, place!.x + place!.width]).toEqual([sidebar!.x + sidebar!.width, 1280]);
  await page.getByRole("link", { name: "Starred" }).click();
  await lost.waitFor({ state: "detached" });
  await page.unroute(/\/assets\/(composer|screens)/);
  await page.goto(`${server.url}/app/settings`);
  await page.getByRole("heading", { name: "Settings" }).first().waitFor();
});

test("a script that gets into the page does not run", async () => {
  const { page } = await openInbox();
  await list(page).waitFor();
  const { complaints } = watch(page);
  await page.evaluate(() => {
    const script = document.createElement("script");
    script.textContent = "globalThis.hasRun = true";
    const image = document.createElement("div");
    image.innerHTML = '<img src="data:," onerror="globalThis.hasRun = true">';
    const remote = document.createElement("script");
    remote.src = "https://evil.example/x.js";
    document.body.append(script, image, remote);
  });
  await waitFor(() => expect(complaints.filter((text) => /script-src/.test(text)).length).toBeGreaterThan(2));
  expect(await page.evaluate(() => "hasRun" in globalThis)).toBe(false);
});
