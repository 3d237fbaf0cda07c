import type { Page } from "playwright-core";
import { beforeAll, expect, test } from "vitest";
import { waitFor } from "../../../support/wait.ts";
import { isLive, newUser, openInbox, receive, receiveStored, rowOf, server } from "../../support/inbox.ts";
import { moveToOwnCompany } from "../../support/mailbox.ts";

// The list of conversations, and what is done to them.

let mailbox = "";

beforeAll(async () => {
  mailbox = await moveToOwnCompany();
});

const subjects = (page: Page): Promise<string[]> =>
  page.locator(".row:not(.is-skeleton) .row-subject").allTextContents();

/** The state of a conversation at the API. */
async function stateOf({ api }: Awaited<ReturnType<typeof newUser>>, thread_id: string) {
  const { data } = await api.GET("/conversations", { params: { query: { view: "all", thread_id } } });
  const [found] = data!.items;
  return found && { unread: found.unread_count, starred: found.is_starred, archived: found.is_archived };
}

test("without a token there is the sign-in; a token that is none is refused in words", async () => {
  const { page } = await openInbox();
  await page.locator(".row-link").first().waitFor();
  await page.evaluate(() => localStorage.clear());
  await page.goto(`${server.url}/app/inbox`);
  await page.getByLabel("Token").fill("nonsense");
  await page.getByRole("button", { name: "Sign in" }).click();
  await page.getByText("This is not a valid token, or it has expired").waitFor();
  const { token } = await newUser();
  await page.getByLabel("Token").fill(token);
  await page.getByRole("button", { name: "Sign in" }).click();
  await page.locator(".row-link").first().waitFor();
});

test("a token that the API refuses leads to the sign-in", async () => {
  const { page } = await openInbox();
  await page.locator(".row-link").first().waitFor();
  await page.evaluate(() => {
    const [head, claims] = localStorage.getItem("xabar.token")!.split(".");
    localStorage.setItem("xabar.token", `${head}.${claims}.forged`);
  });
  await page.reload();
  await page.getByRole("heading", { name: "Sign in to Xabar" }).waitFor();
});

test("the link signs in, and afterwards the token is in no address and no request's URL", async () => {
  const { page, token, context } = await openInbox({ path: "/" });
  const urls: string[] = [];
  context.on("request", (request) => urls.push(request.url()));
  await page.locator(".row-link").first().waitFor();
  expect(new URL(page.url()).pathname).toBe("/app/inbox");
  await page.reload();
  await page.locator(".row-link").first().waitFor();
  expect([...urls, page.url()].filter((url) => url.includes(token))).toEqual([]);
  await page.goBack();
  expect(page.url()).not.toContain(token);
});

test("a link for somebody else asks first, and then shows nothing of who was signed in", async () => {
  const { page, token } = await openInbox({ name: "Malika Yusupova" });
  await page.locator(".row-link").first().waitFor();
  const other = await newUser("Sardor Aliyev");
  const openLink = async () => {
    await page.goto("about:blank");
    await page.goto(`${server.url}/app/inbox#token=${other.token}`);
    await page.getByRole("heading", { name: "Sign in as Sardor Aliyev?" }).waitFor();
  };
  const kept = () => page.evaluate(() => localStorage.getItem("xabar.token"));
  await openLink();
  await page.getByRole("button", { name: "Stay Malika Yusupova" }).click();
  await page.locator(".row-link").first().waitFor();
  expect(await kept()).toBe(token);
  await openLink();
  await page.getByRole("button", { name: "Sign in as Sardor Aliyev" }).click();
  await page.getByText("Sardor Aliyev", { exact: true }).waitFor();
  expect(await kept()).toBe(other.token);
  expect(await page.getByText("Malika Yusupova").count()).toBe(0);
});

test("a mail by SMTP comes to the top of the list by itself, and is counted", async () => {
  const { page } = await openInbox();
  await page.locator(".row-link").first().waitFor();
  await isLive(page).waitFor();
  const badge = page.getByRole("navigation").getByRole("link", { name: /^Inbox/ });
  const before = Number((await badge.textContent())?.match(/\d+/)?.[0]);
  const subject = await receive();
  await rowOf(page, subject).waitFor();
  expect((await subjects(page))[0]).toBe(subject);
  await waitFor(async () =>
    expect(Number((await badge.textContent())?.match(/\d+/)?.[0])).toBeGreaterThan(before),
  );
});

test("a change shows in the same frame, before the API has answered", async () => {
  const { subject } = await receiveStored();
  const { page } = await openInbox();
  await rowOf(page, subject).waitFor();
  const held = Promise.withResolvers<void>();
  await page.route("**/conversations", async (route) => {
    if (route.request().method() === "PATCH") await held.promise;
    await route.fallback();
  });
  const isGoneInNextFrame = (name: string) =>
    page.evaluate(
      async ([text, label]) => {
        const row = [...document.querySelectorAll(".row")].find((each) => each.textContent?.includes(text!));
        row!.querySelector<HTMLElement>(`[aria-label="${label}"]`)!.click();
        await new Promise(requestAnimationFrame);
        await new Promise(requestAnimationFrame);
        return ![...document.querySelectorAll(".row")].some((each) => each.textContent?.includes(text!));
      },
      [subject, name],
    );
  const isAnswered = page.waitForResponse((response) => response.request().method() === "PATCH");
  expect(await isGoneInNextFrame("Archive")).toBe(true);
  held.resolve();
  await isAnswered;
});

test("a change that is refused goes back, and a sentence says why", async () => {
  const { subject } = await receiveStored();
  const { page } = await openInbox();
  const row = rowOf(page, subject);
  await row.waitFor();
  await page.route("**/conversations", (route) =>
    route.request().method() === "PATCH"
      ? route.fulfill({ status: 500, json: { detail: "The mailbox is closed" } })
      : route.fallback(),
  );
  const before = await subjects(page);
  await row.hover();
  await row.getByRole("button", { name: "Archive" }).click();
  await page.getByText("Not changed. The mailbox is closed").waitFor();
  await waitFor(async () => expect(await subjects(page)).toEqual(before));
});

test("archive, star and unread can be undone, by the toast and by Ctrl-Z in their order", async () => {
  const { subject, thread_id } = await receiveStored();
  const { page, ...user } = await openInbox();
  const row = rowOf(page, subject);
  await row.waitFor();
  const unchanged = await stateOf(user, thread_id);
  expect(unchanged).toEqual({ unread: 1, starred: false, archived: false });

  await row.hover();
  await row.getByRole("button", { name: "Star" }).click();
  await row.getByRole("button", { name: "Mark as read" }).click();
  await row.getByRole("button", { name: "Archive" }).click();
  await waitFor(async () =>
    expect(await stateOf(user, thread_id)).toEqual({ unread: 0, starred: true, archived: true }),
  );
  await page.mouse.move(900, 400);
  await page.getByRole("button", { name: "Undo" }).first().click();
  await row.waitFor();
  await page.keyboard.press("Control+z");
  await page.keyboard.press("Control+z");
  await waitFor(async () => expect(await stateOf(user, thread_id)).toEqual(unchanged));
  await row.and(page.locator(".is-unread")).waitFor();
});

test("keys move, open, archive, star and close; the next conversation is there without a request", async () => {
  const first = await receiveStored();
  const second = await receiveStored();
  const { page, ...user } = await openInbox();
  await rowOf(page, second.subject).waitFor();
  // Moving to a conversation reads the one after it.
  const isRead = page.waitForResponse((response) => response.url().includes(`/threads/${first.thread_id}`));
  await page.keyboard.press("j");
  await page.keyboard.press("Enter");
  await waitFor(() => expect(page.url()).toContain(second.thread_id));
  await (await isRead).finished();
  const asked: string[] = [];
  page.on("request", (request) => asked.push(new URL(request.url()).pathname));
  await page.keyboard.press("j");
  await page.getByRole("heading", { name: first.subject }).waitFor();
  expect(asked.filter((path) => path === `/threads/${first.thread_id}`)).toEqual([]);

  await page.keyboard.press("s");
  await page.keyboard.press("e");
  await waitFor(async () =>
    expect(await stateOf(user, first.thread_id)).toMatchObject({ starred: true, archived: true }),
  );
  await page.keyboard.press("u");
  await waitFor(() => expect(new URL(page.url()).pathname).toBe("/app/inbox"));
});

test("keys are commands on a Cyrillic keyboard, too", async () => {
  const { subject, thread_id } = await receiveStored();
  const { page, ...user } = await openInbox();
  await rowOf(page, subject).locator(".row-link").click();
  await page.getByRole("heading", { name: subject }).waitFor();
  const press = (key: string, code: string, shiftKey = false) =>
    page.evaluate(
      (init) => document.body.dispatchEvent(new KeyboardEvent("keydown", { ...init, bubbles: true })),
      { key, code, shiftKey },
    );
  await press("ы", "KeyS");
  await waitFor(async () => expect(await stateOf(user, thread_id)).toMatchObject({ starred: true }));
  await press("Г", "KeyU", true);
  await waitFor(async () => expect(await stateOf(user, thread_id)).toMatchObject({ unread: 1 }));
  await press("г", "KeyU");
  await waitFor(() => expect(new URL(page.url()).pathname).toBe("/app/inbox"));
});

test("the focus returns to the row of a conversation that is closed", async () => {
  const { subject, thread_id } = await receiveStored();
  const { page } = await openInbox();
  await rowOf(page, subject).locator(".row-link").click();
  await page.getByRole("heading", { name: subject }).waitFor();
  await page.keyboard.press("Escape");
  await waitFor(async () =>
    expect(await page.evaluate(() => document.activeElement?.getAttribute("href"))).toContain(thread_id),
  );
});

test("several conversations are selected and archived at once, and come back at once", async () => {
  const mails = [await receiveStored(), await receiveStored(), await receiveStored()];
  const { page, ...user } = await openInbox();
  for (const { subject } of mails)
    await rowOf(page, subject)
      .getByRole("button", { name: `Select: ${subject}` })
      .click();
  await page.getByRole("heading", { name: "3 selected" }).waitFor();
  await page.keyboard.press("e");
  for (const { subject } of mails) await rowOf(page, subject).waitFor({ state: "detached" });
  const archived = () => Promise.all(mails.map(({ thread_id }) => stateOf(user, thread_id)));
  await waitFor(async () => expect((await archived()).every((state) => state?.archived)).toBe(true));
  await page.keyboard.press("z");
  for (const { subject } of mails) await rowOf(page, subject).waitFor();
  await waitFor(async () => expect((await archived()).some((state) => state?.archived)).toBe(false));
});

test("a list that is under the pointer or scrolled does not move: a pill says what is new", async () => {
  const { page } = await openInbox();
  await page.locator(".row-link").first().waitFor();
  await isLive(page).waitFor();
  await page.mouse.move(900, 400);
  await page.locator(".row-link").nth(2).hover();
  const before = await subjects(page);
  const subject = await receive();
  const pill = page.getByRole("button", { name: "1 new" });
  await pill.waitFor();
  expect(await subjects(page)).toEqual(before);
  await pill.click();
  await waitFor(async () => expect((await subjects(page))[0]).toBe(subject));
});

test("each view shows its conversations, for all mailboxes or one, and can be opened by its address", async () => {
  const { subject, thread_id } = await receiveStored();
  const { page, api } = await openInbox();
  await rowOf(page, subject).waitFor();
  await api.PATCH("/conversations/{thread_id}", {
    params: { path: { thread_id } },
    body: { is_starred: true, is_archived: true },
  });
  await rowOf(page, subject).waitFor({ state: "detached" });
  for (const [key, view] of [
    ["s", "starred"],
    ["a", "archived"],
    ["l", "all"],
  ] as const) {
    await page.keyboard.press("g");
    await page.keyboard.press(key);
    await waitFor(() => expect(new URL(page.url()).pathname).toBe(`/app/${view}`));
    await rowOf(page, subject).waitFor();
    await page.reload();
    await rowOf(page, subject).waitFor();
  }
  await page.getByRole("navigation").getByText("Savdo").click();
  await waitFor(() => expect(page.url()).toContain("mailbox="));
  await rowOf(page, subject).waitFor({ state: "detached" });
});

test("the palette finds commands, mailboxes and people", async () => {
  await receiveStored({ from: '"Palitra Odam" <palitra@mijoz.example>' });
  const { page } = await openInbox();
  await page.locator(".row-link").first().waitFor();
  await page.keyboard.press("Control+k");
  const field = page.getByPlaceholder("What do you want to do?");
  await field.fill("arch");
  await page.getByRole("option", { name: /^Archived/ }).waitFor();
  await field.fill(mailbox.slice(0, 12));
  await page.getByRole("option", { name: mailbox }).waitFor();
  await field.fill("palitra@");
  await page.getByRole("option", { name: /Palitra Odam/ }).waitFor();
  await field.fill("starred");
  await page.keyboard.press("Enter");
  await waitFor(() => expect(new URL(page.url()).pathname).toBe("/app/starred"));
});

test("? lists the keys, and Escape closes the list", async () => {
  const { page } = await openInbox();
  await page.locator(".row-link").first().waitFor();
  await page.keyboard.press("?");
  const keys = page.getByRole("dialog", { name: "Keys" });
  await keys.getByText("Next conversation").waitFor();
  await page.keyboard.press("Escape");
  await keys.waitFor({ state: "detached" });
});

test("on a phone, a swipe to the left archives and one to the right marks as read", async () => {
  const left = await receiveStored();
  const right = await receiveStored();
  const { page, ...user } = await openInbox({
    viewport: { width: 360, height: 740 },
    hasTouch: true,
    isMobile: true,
  });
  const swipe = async (subject: string, by: number) => {
    const row = rowOf(page, subject);
    await row.waitFor();
    await row.evaluate((element, distance) => {
      const box = element.getBoundingClientRect();
      const at = (x: number) =>
        new Touch({ identifier: 1, target: element, clientX: x, clientY: box.y + box.height / 2 });
      const start = box.x + box.width / 2;
      const fire = (type: string, x: number, touches: Touch[]) =>
        element.dispatchEvent(
          new TouchEvent(type, { bubbles: true, cancelable: true, touches, changedTouches: [at(x)] }),
        );
      fire("touchstart", start, [at(start)]);
      for (const part of [0.25, 0.5, 0.75, 1]) fire("touchmove", start, [at(start + distance * part)]);
      fire("touchend", start + distance, []);
    }, by);
  };
  await swipe(left.subject, -140);
  await rowOf(page, left.subject).waitFor({ state: "detached" });
  await swipe(right.subject, 140);
  await waitFor(async () => {
    expect(await stateOf(user, left.thread_id)).toMatchObject({ archived: true });
    expect(await stateOf(user, right.thread_id)).toMatchObject({ unread: 0 });
  });
});

test("a conversation is protected from deletion, for everybody, and that can be undone", async () => {
  const { subject, thread_id } = await receiveStored();
  const { page, api } = await openInbox({ path: `/app/inbox/${thread_id}` });
  await page.getByRole("heading", { name: subject }).waitFor();
  const isProtected = async () =>
    (await api.GET("/threads/{thread_id}", { params: { path: { thread_id } } })).data?.do_not_delete;
  await page.getByRole("button", { name: "Protect from deletion" }).click();
  await page.getByRole("button", { name: "Protected from deletion", pressed: true }).waitFor();
  await waitFor(async () => expect(await isProtected()).toBe(true));
  await page.getByRole("button", { name: "Undo" }).click();
  await waitFor(async () => expect(await isProtected()).toBe(false));
});
