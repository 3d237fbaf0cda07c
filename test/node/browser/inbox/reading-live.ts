import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { describe, expect, test } from "vitest";
import { readDevVars } from "../../../../dev/token.ts";
import { waitFor } from "../../../support/wait.ts";
import { MAILBOX, newUser, openInbox, receive, receiveStored, rowOf, server } from "../../support/inbox.ts";
import { uniqueSubject } from "../../support/mail.ts";
import { mailIn, openThread, PIXEL } from "../../support/reading.ts";

const LONG = `<p>First line</p><div style="height:3000px">long</div><p>Last line</p>`;

/** Sends an answer into a conversation. */
const answer = (subject: string, messageId: string, html: string) =>
  receive({ subject: `Re: ${subject}`, inReplyTo: messageId, references: [messageId], html });

/** A conversation whose only mail is longer than the screen. */
async function receiveLong() {
  const subject = uniqueSubject("Uzun");
  const messageId = `<${subject.replaceAll(" ", "-")}@mijoz.example>`;
  return { messageId, ...(await receiveStored({ subject, messageId, html: LONG })) };
}

describe("a message that arrives while a conversation is open", () => {
  test("moves nothing, is announced, and is shown on request", async () => {
    const { subject, messageId, thread_id } = await receiveLong();
    const { page, api } = await openInbox();
    await openThread(page, thread_id);
    await mailIn(page).getByText("Last line").waitFor();
    const pane = page.locator(".thread-pane");
    await pane.evaluate((element) => element.scrollTo({ top: 700 }));
    const first = page.locator(".message").first();
    const before = (await first.boundingBox())!.y;
    await answer(subject, messageId, "<p>The answer</p>");
    const pill = page.getByRole("button", { name: "1 new message" });
    await pill.waitFor();
    expect((await first.boundingBox())!.y).toBe(before);
    const isRead = async () => {
      const { data } = await api.GET("/threads/{thread_id}", { params: { path: { thread_id } } });
      return data?.messages.at(-1)?.inbox.is_read;
    };
    expect(await isRead()).toBe(false);
    await pill.click();
    await page.frameLocator(".message:last-child iframe").getByText("The answer").waitFor();
    await pill.waitFor({ state: "detached" });
    await waitFor(async () => expect(await isRead()).toBe(true));
  });

  test("below what is in sight of a short one, is read at once", async () => {
    const subject = uniqueSubject("Qisqa");
    const messageId = `<${subject.replaceAll(" ", "-")}@mijoz.example>`;
    const { thread_id } = await receiveStored({ subject, messageId, html: "<p>Short</p>" });
    const { page, api } = await openInbox();
    await openThread(page, thread_id);
    await mailIn(page).getByText("Short").waitFor();
    await answer(subject, messageId, "<p>The answer</p>");
    await page.frameLocator(".message:last-child iframe").getByText("The answer").waitFor();
    await waitFor(async () => {
      const { data } = await api.GET("/threads/{thread_id}", { params: { path: { thread_id } } });
      expect(data?.messages.map(({ inbox }) => inbox.is_read)).toEqual([true, true]);
    });
    expect(await page.locator(".arrivals").count()).toBe(0);
  });
});

describe("a conversation that leaves while it is open", () => {
  /** Deletes the mail at the provider. */
  async function remove(subject: string, isForGood: boolean): Promise<void> {
    const url = `http://127.0.0.1:${server.nylasPort}/v3/grants/${MAILBOX}/messages`;
    const headers = { authorization: `Bearer ${readDevVars(".dev.vars").NYLAS_API_KEY}` };
    const found = await fetch(`${url}?limit=50`, { headers });
    const { data } = (await found.json()) as { data: { id: string; subject: string }[] };
    const { id } = data.find((mail) => mail.subject === subject)!;
    const query = isForGood ? "?hard_delete=true" : "";
    const { status } = await fetch(`${url}/${id}${query}`, { method: "DELETE", headers });
    expect(status).toBe(200);
  }

  test.each([
    ["deleted", true, "This conversation was deleted"],
    ["in the trash", false, "There is nothing in this folder any more"],
  ])("says that it is %s, and can be left", async (_, isForGood, text) => {
    const { subject, thread_id } = await receiveStored();
    const { page } = await openInbox();
    await openThread(page, thread_id);
    await remove(subject, isForGood);
    await page.getByText(text).waitFor();
    await page.keyboard.press("u");
    await page.getByText("No conversation is open").waitFor();
  });
});

test("colleagues see who reads, and who writes", async () => {
  const { thread_id } = await receiveStored();
  const malika = await newUser("Malika Umarova");
  const mine = await openInbox();
  await openThread(mine.page, thread_id);
  const theirs = await openInbox({ user: malika });
  await openThread(theirs.page, thread_id);
  await mine.page.getByText("Malika Umarova is viewing").waitFor();
  await theirs.page.keyboard.press("r");
  await mine.page.getByText("Malika Umarova is writing").waitFor();
  await theirs.context.close();
  await mine.page.getByText("Malika Umarova").waitFor({ state: "detached" });
});

describe("files", () => {
  const pdf = Buffer.from("%PDF-1.4 a contract");
  const attachments = [
    { filename: "contract.pdf", content: pdf, contentType: "application/pdf" },
    { filename: "photo.png", content: PIXEL, contentType: "image/png" },
    { filename: "logo.png", content: PIXEL, contentType: "image/png", cid: "logo" },
  ];

  test("are listed, previewed and downloaded; inline images are shown where they belong", async () => {
    const { thread_id } = await receiveStored({
      html: `<p>See <img src="cid:logo" alt="logo"></p>`,
      attachments,
    });
    const { page } = await openInbox();
    await openThread(page, thread_id);
    await page.getByRole("heading", { name: "2 files" }).waitFor();
    const preview = page.locator(".file-picture img");
    await waitFor(async () =>
      expect(await preview.evaluate((image: HTMLImageElement) => image.naturalWidth)).toBe(1),
    );
    const logo = mailIn(page).getByAltText("logo");
    await waitFor(async () =>
      expect(await logo.evaluate((image: HTMLImageElement) => image.naturalWidth)).toBe(1),
    );
    const [download] = await Promise.all([
      page.waitForEvent("download"),
      page.getByRole("button", { name: /contract\.pdf/ }).click(),
    ]);
    expect(download.suggestedFilename()).toBe("contract.pdf");
    const hash = (bytes: Buffer) => createHash("sha256").update(bytes).digest("hex");
    expect(hash(await readFile((await download.path())!))).toBe(hash(pdf));
    expect(page.url()).toContain(thread_id);
  });

  test("that cannot be downloaded say why", async () => {
    const { thread_id } = await receiveStored({ html: "<p>See</p>", attachments });
    const { page } = await openInbox();
    await page.route("**/attachments/*/download", (route) =>
      route.fulfill({ status: 404, json: { detail: "The mail provider no longer has this attachment" } }),
    );
    await openThread(page, thread_id);
    await page.getByRole("button", { name: /contract\.pdf/ }).click();
    await page
      .getByText("contract.pdf was not downloaded. The mail provider no longer has this attachment")
      .waitFor();
  });
});

test("the menu of a message works by keys, and its choices are undone when the API refuses", async () => {
  const { thread_id } = await receiveStored();
  const { page } = await openInbox();
  await openThread(page, thread_id);
  const button = page.getByRole("button", { name: "More actions for this message" });
  await button.press("Enter");
  await page.keyboard.press("End");
  await page.keyboard.press("Escape");
  await waitFor(async () =>
    expect(await button.evaluate((element) => element === document.activeElement)).toBe(true),
  );
  await page.route("**/inbox", (route) =>
    route.request().method() === "PATCH"
      ? route.fulfill({ status: 400, json: { detail: "Not today" } })
      : route.continue(),
  );
  await button.press("Enter");
  await page.getByRole("menuitem", { name: "Star this message" }).click();
  await page.getByText("Not changed. Not today").waitFor();
  await page.locator(".message-header").getByRole("button", { name: "Star this message" }).waitFor();
});

test("on a phone, a finger that moves to the right goes back to the list, also over a mail", async () => {
  const { subject, thread_id } = await receiveStored({ html: `<p style="height:400px">Swipe me</p>` });
  const { page, context } = await openInbox({
    viewport: { width: 390, height: 844 },
    hasTouch: true,
    isMobile: true,
  });
  const session = await context.newCDPSession(page);
  const swipe = async (x: number, y: number, by: number) => {
    const touch = (type: string, at?: number) =>
      session.send("Input.dispatchTouchEvent", {
        type: type as "touchStart",
        touchPoints: at === undefined ? [] : [{ x: at, y }],
      });
    await touch("touchStart", x);
    for (let step = 1; step <= 5; step++) await touch("touchMove", x + (by * step) / 5);
    await touch("touchEnd");
  };
  await rowOf(page, subject).waitFor();
  for (const place of [".thread-header h1", ".mail-frame"]) {
    await openThread(page, thread_id);
    await mailIn(page).getByText("Swipe me").waitFor();
    await page.evaluate("window.isSame = true");
    const { y } = (await page.locator(place).boundingBox())!;
    await swipe(100, y + 10, 60);
    expect(page.url()).toContain(thread_id);
    await swipe(100, y + 10, 200);
    await waitFor(() => expect(new URL(page.url()).pathname).toBe("/app/inbox"));
    // Closed by the page, and not by the browser's own way back: it is still the same page.
    expect(await page.evaluate("window.isSame")).toBe(true);
  }
});
