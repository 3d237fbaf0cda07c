import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { launchChromium } from "../../../dev/chromium.ts";
import { waitFor } from "../../support/wait.ts";
import { type DevServer, freePorts, startDevServer } from "../support/dev-server.ts";
import { receiveMails } from "../support/mail.ts";

// The browser's EventSource and fetch-event-source, in a page of another origin than Xabar's.

const PAGE = `<!doctype html><meta charset="utf-8"><script type="module">
  import { fetchEventSource } from "/fetch.js";
  window.told = { native: [], fetched: [] };
  window.follow = (url) => {
    const source = new EventSource(url);
    for (const type of ["connected", "message.created", "thread.created", "resync"])
      source.addEventListener(type, ({ data }) => told.native.push(JSON.parse(data)));
    source.addEventListener("message", () => told.native.push({ type: "without a name" }));
    fetchEventSource(url, {
      openWhenHidden: true,
      onmessage: ({ data }) => told.fetched.push(JSON.parse(data)),
      onclose: () => { throw new Error("closed"); },
    });
  };
</script>`;

const state = mkdtempSync(join(tmpdir(), "xabar-browser-"));
const ports = await freePorts();
const LIBRARY = "node_modules/@microsoft/fetch-event-source/lib/esm";
const pages = createServer(({ url = "/" }, response) => {
  const name = /^\/(fetch|parse)(\.js)?$/.exec(url)?.[1];
  response.setHeader("content-type", name ? "text/javascript" : "text/html");
  response.end(name ? readFileSync(`${LIBRARY}/${name}.js`) : PAGE);
});
let server: DevServer;
let browser: Browser;

beforeAll(async () => {
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

interface Told {
  type?: string;
  message?: string;
  message_id?: string;
}

const toldIn = (page: Page): Promise<Record<"native" | "fetched", Told[]>> => page.evaluate("window.told");

/** What a client received: `connected`, and the ids of mails. */
const inShort = (told: Told[]): unknown[] =>
  told.flatMap(({ type, message, message_id }) =>
    type === "thread.created" ? [] : [type === "message.created" ? message_id : (message ?? type)],
  );

/** A server that is shutting down may have accepted a reconnect. */
const withoutRepetition = (told: unknown[]): unknown[] => told.filter((each, at) => each !== told[at - 1]);

test("in Chromium each client gets each event once, in order, across silence and server restarts", async () => {
  const page = await browser.newPage();
  const problems: string[] = [];
  page.on("pageerror", (error) => problems.push(error.message));
  await page.goto(`http://127.0.0.1:${(pages.address() as AddressInfo).port}/`);
  await page.evaluate(`follow(${JSON.stringify(`${server.url}/sse/events?token=${server.token}`)})`);
  const wanted: unknown[] = ["connected"];
  let restarts = 0;
  const expectTold = () =>
    waitFor(async () => {
      for (const [client, told] of Object.entries(await toldIn(page))) {
        const short = inShort(told);
        expect(restarts ? withoutRepetition(short) : short, client).toEqual(wanted);
      }
    });
  await expectTold();
  wanted.push(...(await receiveMails(server, 2)));
  // Long enough for a keepalive. The event after it must still be separate.
  await once(AbortSignal.timeout(16_000), "abort");
  while (restarts < 2) {
    wanted.push(...(await receiveMails(server, 1)));
    await expectTold();
    restarts++;
    await server.stop();
    server = await startDevServer(state, ports);
    wanted.push("connected");
    await expectTold();
  }
  wanted.push(...(await receiveMails(server, 2)));
  await expectTold();
  expect(problems).toEqual([]);
});
