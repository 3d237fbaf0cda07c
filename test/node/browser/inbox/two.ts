import { setTimeout as sleep } from "node:timers/promises";
import type { Page } from "playwright-core";
import { beforeAll, expect, test } from "vitest";
import { waitFor } from "../../../support/wait.ts";
import { isLive, newUser, openInbox, receive, receiveStored, rowOf, server } from "../../support/inbox.ts";
import { uniqueSubject } from "../../support/mail.ts";
import { moveToOwnCompany } from "../../support/mailbox.ts";
import { startProxy } from "../../support/proxy.ts";

// Two colleagues side by side, each in a browser of their own.

beforeAll(async () => {
  await moveToOwnCompany();
});

const unreadOf = async (page: Page): Promise<number> => {
  const link = page.getByRole("navigation").getByRole("link", { name: /^Inbox/ });
  return Number((await link.textContent())?.match(/\d+/)?.[0] ?? 0);
};

async function openBoth(baseUrl = server.url) {
  const both = await Promise.all([
    openInbox({ name: "Malika Yusupova", baseUrl }),
    openInbox({ name: "Sardor Aliyev", baseUrl }),
  ]);
  for (const { page } of both) {
    await page.locator(".row-link").first().waitFor();
    await isLive(page).waitFor();
  }
  return both;
}

test("a mail is in both browsers, and reading it in one changes only that person's badge", async () => {
  const [malika, sardor] = await openBoth();
  const subject = await receive();
  for (const { page } of [malika, sardor])
    await rowOf(page, subject).and(page.locator(".is-unread")).waitFor();
  const before = await unreadOf(malika.page);
  expect(await unreadOf(sardor.page)).toBe(before);

  await rowOf(malika.page, subject).locator(".row-link").click();
  await rowOf(malika.page, subject).and(malika.page.locator(":not(.is-unread)")).waitFor();
  await waitFor(async () => expect(await unreadOf(malika.page)).toBe(before - 1));
  // What would have come to the other browser has come before this mail.
  const next = await receive();
  await rowOf(sardor.page, next).waitFor();
  expect(await rowOf(sardor.page, subject).getAttribute("class")).toContain("is-unread");
  expect(await unreadOf(sardor.page)).toBe(before + 1);
});

test("both see who reads and who writes, and no longer when they have left", async () => {
  const { subject, thread_id } = await receiveStored();
  const [malika, sardor] = await openBoth();
  for (const { page } of [malika, sardor]) await rowOf(page, subject).locator(".row-link").click();
  await sardor.page.getByText(/Malika Yusupova is (viewing|reading)/).waitFor();
  await malika.page.getByText(/Sardor Aliyev is (viewing|reading)/).waitFor();

  await malika.page.keyboard.press("r");
  await sardor.page.getByText("Malika Yusupova is writing").first().waitFor();
  await malika.page.goto(`${server.url}/app/settings`);
  await sardor.page
    .getByText(/Malika Yusupova is/)
    .first()
    .waitFor({ state: "detached" });
  expect(sardor.page.url()).toContain(thread_id);
});

test("when both write and one sends, the other sees it before sending and keeps the text; the API refuses a forced send", async () => {
  const { subject, thread_id, message_id } = await receiveStored();
  const [malika, sardor] = await openBoth();
  for (const { page } of [malika, sardor]) {
    await rowOf(page, subject).locator(".row-link").click();
    await page.getByRole("heading", { name: subject }).waitFor();
    await page.keyboard.press("r");
    await page.getByRole("textbox", { name: "Text of the message" }).waitFor();
  }
  const { data: seen } = await sardor.api.GET("/threads/{thread_id}", { params: { path: { thread_id } } });
  await sardor.page.keyboard.type("Sardorning javobi");
  await malika.page.keyboard.type("Malikaning javobi");
  await malika.page.keyboard.press("Control+Enter");
  // It leaves after the ten seconds in which it can be called back.
  await sardor.page
    .getByText(/Malika Yusupova (answered|wrote)/)
    .first()
    .waitFor();
  expect(await sardor.page.getByRole("textbox", { name: "Text of the message" }).textContent()).toContain(
    "Sardorning javobi",
  );

  const forced = await sardor.api.POST("/messages/{message_id}/reply", {
    params: { path: { message_id }, header: { "If-Match": `"${seen!.version}"` } },
    body: {
      email_account_id: seen!.email_account_id,
      to: [{ email: "aziza@mijoz.example" }],
      subject,
      body_html: "<p>Sardorning javobi</p>",
    },
  });
  expect(forced.response.status).toBe(409);
});

test("after a cut of 20 s both say so, catch up, and show nothing twice", async () => {
  let isCut = false;
  const proxy = await startProxy(server.url, () => (isCut ? null : {}));
  try {
    const both = await openBoth(proxy.url);
    isCut = true;
    proxy.cut();
    for (const { page } of both) await page.getByText(/No connection for \d+ s/).waitFor();
    const missed = [await receive(), await receive()];
    await sleep(20_000);
    for (const { page } of both) expect(await rowOf(page, missed[0]!).count()).toBe(0);
    isCut = false;
    for (const { page } of both) {
      await isLive(page).waitFor();
      for (const subject of missed) await rowOf(page, subject).waitFor();
    }
    const last = await receive({ subject: uniqueSubject("Oxirgi") });
    for (const { page } of both) {
      await rowOf(page, last).waitFor();
      for (const subject of [...missed, last]) expect(await rowOf(page, subject).count()).toBe(1);
    }
  } finally {
    await proxy.close();
  }
});

test("users of other companies see neither the mail nor who reads it", async () => {
  const { subject, thread_id } = await receiveStored();
  const malika = await openInbox({ name: "Malika Yusupova", path: `/app/inbox/${thread_id}` });
  await malika.page.getByRole("heading", { name: subject }).waitFor();
  const stranger = await newUser("Begona", "agent", [999]);
  const { page } = await openInbox({ user: stranger, path: `/app/inbox/${thread_id}` });
  await page
    .getByText(/Thread not found|nothing at this address|deleted/i)
    .first()
    .waitFor();
  expect(await page.getByText("Malika").count()).toBe(0);
});
