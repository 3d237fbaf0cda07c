import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import type { AxeResults } from "axe-core";
import { expect, test } from "vitest";
import { people } from "../../../dev/hub/people.ts";
import { expectBoth, link, one, openChat, openPage, server, two } from "../support/chat-page.ts";

// The page where two people chat, by the link that `npm run dev` prints.

let count = 0;
const unique = (text: string): string => `${text} ${Date.now()}.${++count}`;

test("without the part of the link after #, or with an old token, the page says where to get it", async () => {
  const page = await openPage(link.href.replace(link.hash, ""));
  await page.getByText("Open this page by the link that `npm run dev` prints.").waitFor();
  const old = await openPage(link.href.replace(one, "old"));
  await old.getByText("This link is too old. Open this page by the link").waitFor();
});

test("the link opens both ends of a talk that the demo has, and no address that is asked has a token", async () => {
  const asked: string[] = [];
  const page = await openPage("about:blank");
  page.on("request", (request) => asked.push(request.url()));
  page.on("websocket", (socket) => asked.push(socket.url()));
  await page.goto(link.href);
  await page.getByText("Kitob bayrami qanday oʻtdi?", { exact: false }).nth(1).waitFor();
  await page.getByText("connected", { exact: true }).nth(1).waitFor();
  expect(asked.filter((url) => url.startsWith("ws:"))).toHaveLength(2);
  expect(asked.filter((url) => [one, two].some((token) => url.includes(token)))).toEqual([]);
  expect(new Set(asked.map((url) => new URL(url).host))).toEqual(new Set([link.host, new URL(server).host]));
});

test("the other sees who is typing, and gets the message; its writer sees that it is sent, then read", async () => {
  const { left, right } = await openChat();
  const text = unique("Choy ichamizmi?");
  const unread = right.locator.getByText(/^\d+ new$/);
  await right.locator.hover();
  await unread.waitFor({ state: "hidden" });
  await left.field.click();
  await left.field.pressSequentially("Choy");
  await right.locator.getByText(`${people[0]?.first_name} is typing`).waitFor();
  await left.write(text);
  await right.row(text).waitFor();
  await unread.waitFor();
  expect(await unread.textContent()).toBe("1 new");
  await left.row(text).getByRole("img", { name: "Sent" }).waitFor();
  await right.locator.hover();
  await left.row(text).getByRole("img", { name: "Read" }).waitFor();
  await unread.waitFor({ state: "hidden" });
});

test("an edit and a deletion reach both", async () => {
  const { left, right } = await openChat();
  const [stays, goes] = [unique("Soat yettida"), unique("Yoʻq")];
  await left.write(stays);
  await left.write(goes);
  await expectBoth(left, right, [stays, goes]);
  await left.row(stays).hover();
  await left.row(stays).getByRole("button", { name: "Edit" }).click();
  await left.write(`${stays}, aniq`);
  await right.row(`${stays}, aniq`).getByText("edited").waitFor();
  await left.row(goes).hover();
  await left.row(goes).getByRole("button", { name: "Delete" }).click();
  await expectBoth(left, right, [`${stays}, aniq`]);
  expect(await right.row(stays).getByRole("button").count()).toBe(0);
});

test("a cut heals: what was written, edited and deleted meanwhile is there once, on both sides", async () => {
  const { left, right } = await openChat();
  const [first, gone] = [unique("Birinchi"), unique("Oʻchadi")];
  await left.write(first);
  await left.write(gone);
  await expectBoth(left, right, [first, gone]);
  await right.button("Cut connection").click();
  await right.locator.getByText("cut off", { exact: true }).waitFor();

  const [second, third, own] = [unique("Ikkinchi"), unique("Uchinchi"), unique("Mening xatim")];
  for (const text of [second, third]) await left.write(text);
  await left.row(first).hover();
  await left.row(first).getByRole("button", { name: "Edit" }).click();
  await left.write(`${first}!`);
  await left.row(gone).hover();
  await left.row(gone).getByRole("button", { name: "Delete" }).click();
  await left.row(`${first}!`).waitFor();
  await left.row(gone).waitFor({ state: "hidden" });
  await right.write(own);
  await right.row(own).getByRole("img", { name: "Waits for the connection" }).waitFor();
  expect((await right.texts()).slice(-3)).toEqual([first, gone, own]);
  expect(await left.row(own).count()).toBe(0);

  await right.button("Reconnect").click();
  await right.locator.getByText("4 missed events came now", { exact: false }).waitFor();
  await expectBoth(left, right, [`${first}!`, second, third, own]);
  await right
    .row(own)
    .getByRole("img", { name: /Sent|Read/ })
    .waitFor();

  // A page that is opened now shows the same.
  const fresh = await openChat();
  expect(await fresh.left.texts()).toEqual((await left.texts()).slice(-100));
  expect(await fresh.right.texts()).toEqual(await fresh.left.texts());
});

const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const PHONE = { viewport: { width: 360, height: 740 }, hasTouch: true, isMobile: true } as const;

test.each([
  ["in the light", { colorScheme: "light" } as const],
  ["in the dark", { colorScheme: "dark" } as const],
  ["on a phone", PHONE],
])("nothing is inaccessible or too wide %s", async (_, options) => {
  const { page, left, right } = await openChat(options);
  await left.write(unique("https://xabar.example/juda-uzun-manzil".repeat(4)));
  await right.locator.getByText(/^\d+ new$/).waitFor();
  for (const summary of await page.locator("summary").all()) await summary.click();
  await left.button("Cut connection").click();
  await page.evaluate(AXE);
  const { violations } = await page.evaluate(() => {
    const { axe } = globalThis as unknown as { axe: { run(): Promise<AxeResults> } };
    return axe.run();
  });
  expect(violations.flatMap(({ id, nodes }) => nodes.map(({ html }) => `${id}: ${html}`))).toEqual([]);
  expect(await page.evaluate(() => document.documentElement.scrollWidth - innerWidth)).toBeLessThanOrEqual(0);
});
