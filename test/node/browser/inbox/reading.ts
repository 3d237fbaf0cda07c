import { describe, expect, test } from "vitest";
import { launchChromium } from "../../../../dev/chromium.ts";
import { waitFor } from "../../../support/wait.ts";
import { newUser, openInbox, receiveStored, rowOf, server } from "../../support/inbox.ts";
import { mailIn, openThread, receiveThread } from "../../support/reading.ts";

describe("a conversation", () => {
  test("of 200 read mails opens collapsed, and only what is open has a frame", async () => {
    const user = await newUser();
    const thread_id = await receiveThread(200);
    await user.api.PATCH("/inbox/threads/{thread_id}/read", { params: { path: { thread_id } } });
    const { page } = await openInbox({ user });
    await openThread(page, thread_id);
    await page.locator(".thread-header").getByText("200 messages").waitFor();
    expect(await page.locator(".message").count()).toBe(3);
    expect(await page.locator(".message.is-open").count()).toBe(1);
    await page.getByRole("button", { name: "197 earlier messages" }).click();
    await waitFor(async () => expect(await page.locator(".message").count()).toBe(200));
    expect(await page.locator("iframe").count()).toBe(1);
    await page.locator(".message-line").nth(100).click();
    await waitFor(async () => expect(await page.locator("iframe").count()).toBe(2));
  });

  test("shows what is unread whole, and the rest in lines", async () => {
    const user = await newUser();
    const thread_id = await receiveThread(4);
    await user.api.PATCH("/inbox/threads/{thread_id}/read", { params: { path: { thread_id } } });
    const { data } = await user.api.GET("/threads/{thread_id}", { params: { path: { thread_id } } });
    const entry = data!.messages[1]!.inbox.id;
    await user.api.PATCH("/inbox/{inbox_id}/unread", { params: { path: { inbox_id: entry } } });
    const { page } = await openInbox({ user });
    await openThread(page, thread_id);
    const isOpen = await page
      .locator(".message")
      .evaluateAll((all) => all.map((each) => each.matches(".is-open")));
    expect(isOpen).toEqual([false, true, false, true]);
  });

  test("is read when it is opened, in the list at once and for this person alone", async () => {
    const [mine, other] = [await newUser(), await newUser()];
    const { subject, thread_id } = await receiveStored();
    const { page } = await openInbox({ user: mine });
    await rowOf(page, subject).click();
    await page.getByRole("heading", { name: subject }).waitFor();
    await waitFor(async () =>
      expect(await rowOf(page, subject).getAttribute("class")).not.toContain("is-unread"),
    );
    const isRead = async ({ api }: typeof mine) => {
      const { data } = await api.GET("/threads/{thread_id}", { params: { path: { thread_id } } });
      return data?.messages.every(({ inbox }) => inbox.is_read);
    };
    await waitFor(async () => expect(await isRead(mine)).toBe(true));
    expect(await isRead(other)).toBe(false);
    expect(await page.locator("[data-sonner-toast]").count()).toBe(0);
  });

  test("moves the focus to its heading, and gives it back to its row", async () => {
    const { subject } = await receiveStored();
    const { page } = await openInbox();
    await rowOf(page, subject).getByRole("link").focus();
    await page.keyboard.press("Enter");
    const focused = () => page.evaluate(() => document.activeElement?.textContent ?? "");
    await waitFor(async () => expect(await focused()).toBe(subject));
    await page.keyboard.press("u");
    await waitFor(async () => expect(await focused()).toContain(subject));
    expect(await page.evaluate(() => document.activeElement?.className)).toContain("row-link");
  });

  test("that is not there, or not ours, says so", async () => {
    const { page } = await openInbox({ path: `/app/inbox/${crypto.randomUUID()}` });
    await page.getByText("There is nothing at this address").waitFor();
    const foreign = await receiveStored({ to: "support@yolchi.example" });
    const stranger = await newUser("Stranger", "agent", [1]);
    const opened = await openInbox({ user: stranger, path: `/app/inbox/${foreign.thread_id}` });
    await opened.page.getByText("There is nothing at this address").waitFor();
  });

  test("that cannot be read says why, and is read again on request", async () => {
    const { subject, thread_id } = await receiveStored();
    const { page } = await openInbox();
    const path = `**/threads/${thread_id}*`;
    await page.route(path, (route) => route.fulfill({ status: 500, json: { detail: "Out of order" } }));
    await page.goto(`${server.url}/app/inbox/${thread_id}`);
    const pane = page.locator(".thread-pane");
    await pane.getByText("Out of order").waitFor();
    await page.unroute(path);
    await pane.getByRole("button", { name: "Try again" }).click();
    await page.getByRole("heading", { name: subject }).waitFor();
  });
});

describe("the frame of a mail", () => {
  const tall = (html: string) => `<div id="top">Begin</div>${html}<div>Finish</div>`;

  test.each([
    ["a long one", tall(`<div style="height:2500px">x</div>`), 2500],
    ["one as high as its window", tall(`<div style="min-height:100vh">x</div>`), 40],
    ["one of many lines", tall("<p>line</p>".repeat(100)), 2000],
  ])("is as high as the mail, and stays so: %s", async (_, html, least) => {
    const { thread_id } = await receiveStored({ html });
    const { page } = await openInbox();
    await openThread(page, thread_id);
    await mailIn(page).getByText("Finish").waitFor();
    const frame = page.locator(".mail-frame iframe");
    const heights = () => frame.evaluate((element: HTMLIFrameElement) => element.offsetHeight);
    await waitFor(async () => expect(await heights()).toBeGreaterThanOrEqual(least));
    const before = await heights();
    await page.setViewportSize({ width: 1300, height: 700 });
    await page.setViewportSize({ width: 1280, height: 800 });
    await waitFor(async () => expect(await heights()).toBe(before));
    expect(before).toBeLessThan(least * 2 + 400);
  });

  test("is never wider than the pane: a wide mail scrolls inside", async () => {
    const { thread_id } = await receiveStored({ html: `<table width="3000"><tr><td>Wide</td></tr></table>` });
    const { page } = await openInbox({ viewport: { width: 360, height: 740 } });
    await openThread(page, thread_id);
    await mailIn(page).getByText("Wide").waitFor();
    const {
      page: width,
      pane,
      inner,
    } = await page.evaluate(() => ({
      page: document.documentElement.scrollWidth,
      pane: document.querySelector(".thread-pane")!.scrollWidth,
      inner: document.querySelector("iframe")!.contentDocument!.documentElement.scrollWidth,
    }));
    expect([width, pane]).toEqual([360, 360]);
    expect(inner).toBeGreaterThan(2900);
  });

  test("hands keys on: they are commands there, too", async () => {
    const { subject, thread_id } = await receiveStored({
      html: `<p>Click me</p><a href="https://x.example">link</a>`,
    });
    const { page } = await openInbox();
    await openThread(page, thread_id);
    await rowOf(page, subject).waitFor();
    await mailIn(page).getByText("Click me").click();
    expect(await page.evaluate(() => document.activeElement?.tagName)).toBe("IFRAME");
    await page.keyboard.press("s");
    await page.getByRole("toolbar").getByRole("button", { name: "Remove the star" }).waitFor();
    await mailIn(page).getByText("Click me").click();
    await page.keyboard.press("r");
    await page.keyboard.type("je");
    await page.locator(".composer").waitFor();
    expect(page.url()).toContain(thread_id);
  });

  test("tells mails that they are on a light page, also in the dark", async () => {
    const html = `<style>@media (prefers-color-scheme: dark){p{color:#fff}}</style><p>Ink</p>`;
    const { thread_id } = await receiveStored({ html });
    // Playwright's own dark mode is told to frames, whatever their page says of them.
    const browser = await launchChromium("--blink-settings=preferredColorScheme=0");
    const page = await browser.newPage({ colorScheme: null });
    await page.goto(`${server.url}/app/inbox/${thread_id}#token=${(await newUser()).token}`);
    const ink = await mailIn(page)
      .getByText("Ink")
      .evaluate((element) => getComputedStyle(element).color);
    expect(ink).toBe("rgb(0, 0, 0)");
    const card = await page.locator(".mail-frame").evaluate((each) => getComputedStyle(each).backgroundColor);
    expect(card).toBe("rgb(255, 255, 255)");
    await browser.close();
  });
});

describe("a mail written from right to left is shown so", () => {
  const sides = async (mail: Parameters<typeof receiveStored>[0]) => {
    const { thread_id } = await receiveStored(mail);
    const { page } = await openInbox();
    await openThread(page, thread_id);
    const body = mail?.html ? mailIn(page).locator("p") : page.locator(".text-body");
    // The first line ends where the text begins: at the right.
    const [line, box] = await body.evaluate((element) => {
      const range = element.ownerDocument.createRange();
      range.selectNodeContents(element);
      const [rect] = range.getClientRects();
      return [rect!.right, element.getBoundingClientRect().right];
    });
    const heading = page.locator(".thread-header h1");
    return { gap: box! - line!, subject: await heading.evaluate((each) => getComputedStyle(each).direction) };
  };

  test.each([
    ["Arabic HTML", { html: "<p>مرحبا بالعالم، هذه رسالة.</p>", subject: `مرحبا ${Date.now()}` }],
    [
      "Hebrew HTML with its own dir",
      { html: `<html dir="rtl"><body><p>שלום עולם</p></body></html>`, subject: `שלום ${Date.now()}` },
    ],
    ["Arabic text", { text: "مرحبا بالعالم، هذه رسالة.", subject: `رسالة ${Date.now()}` }],
  ])("%s", async (_, mail) => {
    const { gap, subject } = await sides(mail);
    expect(gap).toBeLessThan(12);
    expect(subject).toBe("rtl");
  });
});
