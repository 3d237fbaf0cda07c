import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { build } from "esbuild";
import type { Browser, BrowserContext, Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { launchChromium } from "../../../dev/chromium.ts";
import { jwtSecret, signToken } from "../../../dev/token.ts";
import { waitFor } from "../../support/wait.ts";
import { type DevServer, freePorts, startDevServer } from "../support/dev-server.ts";
import { receiveMails } from "../support/mail.ts";
import { startProxy } from "../support/proxy.ts";
import { randomOf } from "../support/random.ts";

// The typed client's stream in the tabs of one browser.

const SEED = Number(process.env.CLIENT_SEED ?? Date.now() % 1e9);

const PAGE = `<!doctype html><meta charset="utf-8"><script type="module">
  import { createClient } from "/client.js";
  window.told = [];
  window.states = [];
  window.follow = (baseUrl, token, lastEventId) => {
    window.leaving = new AbortController();
    createClient({ baseUrl, token }).events({
      lastEventId,
      signal: leaving.signal,
      onEvent: ({ type, company_id, message_id, thread_id }) =>
        told.push([type, company_id, message_id ?? thread_id].join(" ")),
      onState: (state) => states.push(state),
    });
  };
</script>`;

/** Messages between tabs come late, by another time in each. */
const SLOW_CHANNEL = `
  globalThis.BroadcastChannel = class extends BroadcastChannel {
    set onmessage(handler) {
      let due = 0;
      super.onmessage = (event) => {
        due = Math.max(due, Date.now() + Math.random() * 500);
        setTimeout(() => handler(event), due - Date.now());
      };
    }
  };`;

const state = mkdtempSync(join(tmpdir(), "xabar-tabs-"));
const ports = await freePorts();
let script = "";
const pages = createServer(({ url }, response) => {
  const isScript = url === "/client.js";
  response.setHeader("content-type", isScript ? "text/javascript" : "text/html");
  response.end(isScript ? script : PAGE);
});
let server: DevServer;
let browser: Browser;

beforeAll(async () => {
  const options = { bundle: true, minify: true, format: "esm", target: "es2022", write: false } as const;
  script = (await build({ entryPoints: ["client/index.ts"], ...options })).outputFiles[0]!.text;
  server = await startDevServer(state, ports);
  await once(pages.listen(0, "127.0.0.1"), "listening");
  browser = await launchChromium();
});

afterAll(async () => {
  await browser?.close();
  pages.close();
  try {
    await server?.stop();
  } finally {
    rmSync(state, { recursive: true, force: true });
  }
});

const newToken = (user: number): Promise<string> =>
  signToken({ user, companies: [1, 2], role: "agent", hours: 1 }, jwtSecret());

const ask = async (path: string, token: string) => {
  const response = await fetch(server.url + path, { headers: { authorization: `Bearer ${token}` } });
  return (await response.json()) as {
    position: string;
    items: Record<"type" | "company_id" | "message_id" | "thread_id", string | null>[];
  };
};

const positionOf = async (token: string): Promise<string> => (await ask("/events", token)).position;

/** The events since a position, by polling, as the page notes them. */
async function eventsSince(token: string, since: string): Promise<string[]> {
  const { items } = await ask(`/events?limit=1000&since=${since}`, token);
  return items.map(({ type, company_id, message_id, thread_id }) =>
    [type, company_id, message_id ?? thread_id].join(" "),
  );
}

interface Tab {
  page: Page;
  since: string;
}

const toldIn = ({ page }: Tab): Promise<string[]> => page.evaluate("told");
const statesIn = ({ page }: Tab): Promise<string[]> => page.evaluate("states");

/** Opens a tab that follows the stream from a position. */
async function openTab(context: BrowserContext, baseUrl: string, token: string, since: string): Promise<Tab> {
  const page = await context.newPage();
  await page.goto(`http://127.0.0.1:${(pages.address() as AddressInfo).port}/`);
  await page.waitForFunction("window.follow");
  await page.evaluate(`follow(${[baseUrl, token, since].map((value) => JSON.stringify(value))})`);
  return { page, since };
}

const expectLive = (tabs: Tab[]) =>
  waitFor(async () => {
    for (const tab of tabs) expect((await statesIn(tab)).at(-1)).toBe("live");
  });

/** Waits until each tab has had exactly the events since it was opened, in their order. */
const expectAll = async (tabs: Tab[], token: string, told = "") => {
  for (const tab of tabs) {
    const wanted = await eventsSince(token, tab.since);
    await waitFor(async () => expect((await toldIn(tab)).length, told).toBeGreaterThanOrEqual(wanted.length));
    expect(await toldIn(tab), told).toEqual(wanted);
  }
};

/** Counts the streams that pages open. */
const countStreams = (context: BrowserContext): (() => number) => {
  let streams = 0;
  context.on("request", (request) => {
    if (request.method() === "GET" && request.url().endsWith("/sse/events")) streams++;
  });
  return () => streams;
};

test("tabs of one user share a stream, also when the one that reads it goes", async () => {
  const context = await browser.newContext();
  const streams = countStreams(context);
  const token = await newToken(2001);
  const since = await positionOf(token);
  const tabs: Tab[] = [];
  for (let nth = 0; nth < 3; nth++) tabs.push(await openTab(context, server.url, token, since));
  await expectLive(tabs);
  await receiveMails(server, 2);
  await expectAll(tabs, token);
  expect(streams()).toBe(1);

  // The first one leads. It closes; then the next one crashes.
  await tabs.shift()!.page.close();
  await receiveMails(server, 1);
  await expectAll(tabs, token);
  await expectLive(tabs);
  expect(streams()).toBe(2);
  const [leader] = tabs.splice(0, 1);
  const session = await context.newCDPSession(leader!.page);
  session.send("Page.crash").catch(() => {});
  await receiveMails(server, 1);
  await expectAll(tabs, token);
  await expectLive(tabs);

  // Another one comes, from before all that.
  tabs.push(await openTab(context, server.url, token, since));
  await expectAll(tabs, token);
  expect(streams()).toBe(3);

  // One that leaves hears nothing more.
  await tabs[0]!.page.evaluate("leaving.abort()");
  await waitFor(async () => expect((await statesIn(tabs[0]!)).at(-1)).toBe("closed"));
  const before = await toldIn(tabs[0]!);
  await receiveMails(server, 1);
  await expectAll([tabs[1]!], token);
  expect(await toldIn(tabs[0]!)).toEqual(before);
  await context.close();
});

test("tabs of other users have streams of their own, and so has a page without locks or channels", async () => {
  const context = await browser.newContext();
  const streams = countStreams(context);
  const [one, other] = await Promise.all([newToken(2002), newToken(2003)]);
  const since = await positionOf(one);
  const tabs = [
    await openTab(context, server.url, one, since),
    await openTab(context, server.url, other, since),
  ];
  await context.addInitScript("delete Navigator.prototype.locks");
  tabs.push(await openTab(context, server.url, one, since));
  await context.addInitScript("delete globalThis.BroadcastChannel");
  tabs.push(await openTab(context, server.url, one, since));
  await expectLive(tabs);
  expect(streams()).toBe(4);
  await receiveMails(server, 1);
  await expectAll(tabs, one);
  await context.close();
});

test("tabs come, go and crash on an unruly line: each has each event once, in order", async () => {
  const random = randomOf(SEED);
  let isCalm = false;
  const proxy = await startProxy(server.url, () => (isCalm ? {} : { cutAt: 200 + random(20_000) }));
  const context = await browser.newContext();
  await context.addInitScript(SLOW_CHANNEL);
  const token = await newToken(2004);
  const open = async () => openTab(context, proxy.url, token, await positionOf(token));
  let tabs = [await open(), await open()];
  const steps: string[] = [];
  for (let step = 0; step < 25; step++) {
    const chosen = tabs[random(tabs.length)]!;
    const arrival = receiveMails(server, 1);
    // While the mail is on its way.
    await new Promise((resolve) => setTimeout(resolve, random(150)));
    const choice = random(tabs.length < 3 ? 2 : 5);
    steps.push(`${choice}`);
    if (choice === 0) tabs.push(await open());
    if (choice >= 2) {
      tabs = tabs.filter((tab) => tab !== chosen);
      if (choice === 2) (await context.newCDPSession(chosen.page)).send("Page.crash").catch(() => {});
      else if (choice === 3) await chosen.page.evaluate("leaving.abort()");
      else await chosen.page.close();
    }
    await arrival;
  }
  isCalm = true;
  await receiveMails(server, 1);
  expect(tabs.length).toBeGreaterThan(0);
  await expectAll(tabs, token, `CLIENT_SEED=${SEED}, steps ${steps}`);
  await context.close();
  await proxy.close();
});
