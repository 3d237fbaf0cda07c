import { spawn } from "node:child_process";
import { once } from "node:events";
import { cpSync, mkdtempSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, it } from "vitest";
import { applyMigrations, databaseFile } from "../../dev/local-database.ts";
import { addDemoTelegramUser } from "../../dev/telegram/local.ts";
import { waitFor } from "../support/wait.ts";
import { freePorts } from "./support/dev-server.ts";
import { watch } from "./support/text.ts";

// `wrangler dev --local` on a fresh clone, where nothing has been built. The scripts beside the Worker do not run.

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const clone = mkdtempSync(join(tmpdir(), "xabar-clone-"));
const MADE = ["node_modules", "dist", ".wrangler", ".git", ".dev.vars", ".dev.vars.example"];

let url = "";
let stop = async () => {};

beforeAll(async () => {
  cpSync(ROOT, clone, { recursive: true, filter: (path) => !MADE.includes(relative(ROOT, path)) });
  symlinkSync(join(ROOT, "node_modules"), join(clone, "node_modules"));
  const state = join(clone, ".wrangler/state");
  applyMigrations(state);
  addDemoTelegramUser(databaseFile(join(state, "v3", "d1"), "TELEGRAM_DB"));
  const port = (await freePorts()).worker;
  url = `http://127.0.0.1:${port}`;
  const wrangler = spawn(
    process.execPath,
    [
      ...["node_modules/wrangler/bin/wrangler.js", "dev", "--local", "--port", `${port}`],
      ...["--inspector-port", "0", "--var", "TELEGRAM_AUTH:none", "--var", "TELEGRAM_TERMS_ACCEPTED:yes"],
    ],
    {
      cwd: clone,
      stdio: ["ignore", "pipe", "pipe"],
      detached: true,
      env: {
        ...{ ...process.env, CI: "true", WRANGLER_SEND_METRICS: "false" },
        // Otherwise it would find the scripts of another one on this machine.
        WRANGLER_REGISTRY_PATH: join(clone, ".wrangler/registry"),
      },
    },
  );
  const kill = () => void process.kill(-wrangler.pid!, "SIGTERM");
  process.once("exit", kill);
  const gone = once(wrangler, "exit");
  stop = async () => {
    process.off("exit", kill);
    if (wrangler.exitCode === null) kill();
    await gone;
  };
  const output = watch(wrangler.stdout, wrangler.stderr);
  await waitFor(async () => {
    const response = await fetch(`${url}/health`).catch(() => null);
    expect(response?.ok, output.tail(50)).toBe(true);
  });
});

afterAll(async () => {
  await stop();
  rmSync(clone, { recursive: true, force: true });
});

const typeOf = async (path: string): Promise<unknown[]> => {
  const response = await fetch(url + path, { headers: { accept: "text/html" }, redirect: "manual" });
  await response.body?.cancel();
  return [response.status, response.headers.get("content-type"), response.headers.get("cache-control")];
};

it("a script of an older build is 404, and never a page", async () => {
  expect(await typeOf("/assets/index-0.js")).toEqual([404, "application/json", "private, no-store"]);
  expect(await typeOf("/assets/")).toEqual([404, "application/json", "private, no-store"]);
});

it("the page is there at / and at every address within it, with its scripts", async () => {
  const page = await (await fetch(url)).text();
  expect(await (await fetch(`${url}/app/inbox/018f`)).text()).toBe(page);
  const files = Array.from(page.matchAll(/(?:src|href)="(\/[^"]+)"/g), ([, path = ""]) => path);
  expect(files.filter((path) => path.startsWith("/assets/")).length).toBeGreaterThan(1);
  for (const path of files) {
    const [status, , caching] = await typeOf(path);
    expect([path, status]).toEqual([path, 200]);
    if (path.startsWith("/assets/")) expect(caching).toBe("public, max-age=31536000, immutable");
  }
  expect(await typeOf("/")).toEqual([200, "text/html; charset=utf-8", "no-cache"]);
});

it.each([
  ["/favicon.ico", /^image\//],
  ["/robots.txt", /^text\/plain/],
  ["/docs", /^text\/html/],
  ["/openapi.json", /^application\/json/],
  ["/email-service.openapi.json", /^application\/json/],
  ["/hub.openapi.json", /^application\/json/],
  ["/telegram.openapi.json", /^application\/json/],
])("%s is there", async (path, type) => {
  const [status, found] = await typeOf(path);
  expect([status, found]).toEqual([200, expect.stringMatching(type)]);
});

it("no map of our source is served", async () => {
  const page = await (await fetch(url)).text();
  const [script = ""] = /\/assets\/[^"]+\.js/.exec(page) ?? [];
  expect(await (await fetch(url + script)).text()).not.toContain("sourceMappingURL");
  expect(await typeOf(`${script}.map`)).toEqual([404, "application/json", "private, no-store"]);
});

it("what only Telegram could do is 503, and the rest of auto-mailing works", async () => {
  const api = `${url}/ru/api/v1/auto-mailing`;
  const send = (path: string, body: object) =>
    fetch(api + path, {
      method: path.startsWith("/accounts") ? "POST" : "PATCH",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(body),
    });
  const code = await send("/accounts/123456789/send-code/", { phone: "+998901234567" });
  expect([code.status, await code.json()]).toEqual([
    503,
    { error: "telegram_unavailable", detail: expect.any(String) },
  ]);
  expect((await send("/mailing/123456789/", { text: "Yuk bor" })).status).toBe(200);
  const status = await (await fetch(`${api}/status/123456789/`)).json();
  expect(status).toMatchObject({ user: { first_name: "Ali" }, mailing: { text: "Yuk bor" } });
});
