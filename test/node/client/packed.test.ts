import { execFile } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { promisify } from "node:util";
import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, expect, it } from "vitest";
import { waitFor } from "../../support/wait.ts";
import { type DevServer, freePorts, startDevServer } from "../support/dev-server.ts";
import { receiveMails } from "../support/mail.ts";

// The client as a user gets it: packed, installed in an empty folder without a network, compiled, and run.

const run = promisify(execFile);
const TSC = resolve("node_modules/typescript/bin/tsc");
/** The example of the docs. */
const [, EXAMPLE = ""] = /```ts\n([\s\S]+?)```/.exec(readFileSync("docs/client.md", "utf8")) ?? [];

const folder = mkdtempSync(join(tmpdir(), "xabar-user-"));
const state = mkdtempSync(join(tmpdir(), "xabar-packed-"));
const installed = join(folder, "node_modules/xabar");
const ports = await freePorts();
let server: DevServer;
let packed: string[];

beforeAll(async () => {
  const { stdout } = await run("npm", ["pack", "--json", "--pack-destination", folder]);
  const [{ filename, files }] = JSON.parse(stdout.slice(stdout.indexOf("[\n")));
  packed = files.map(({ path }: { path: string }) => path);
  writeFileSync(join(folder, "package.json"), '{"name": "user", "private": true, "type": "module"}');
  const offline = ["--offline", "--no-audit", "--no-fund", "--cache", join(folder, "empty-cache")];
  await run("npm", ["install", ...offline, `./${filename}`], { cwd: folder });
});

afterAll(async () => {
  try {
    await server?.stop();
  } finally {
    for (const each of [folder, state]) rmSync(each, { recursive: true, force: true });
  }
});

/** Compiles files strictly, declarations included. @returns the errors */
async function compile(files: Record<string, string>): Promise<string[]> {
  const names = Object.keys(files);
  for (const name of names) writeFileSync(join(folder, name), files[name] ?? "");
  const options = [
    "--strict",
    "--target",
    "es2022",
    "--module",
    "nodenext",
    "--lib",
    "es2022,dom",
    "--types",
    "",
  ];
  try {
    await run(process.execPath, [TSC, ...options, "--outDir", "out", ...names], { cwd: folder });
    return [];
  } catch (error) {
    return (error as { stdout: string }).stdout.split("\n").filter((line) => line.includes("error TS"));
  }
}

it("the package holds the client and nothing else, and needs no other", () => {
  const places = packed.map((path) =>
    path.replace(/^dist\/client\/[\w-]+(\.d\.ts|\.js)$/, "dist/client/*$1"),
  );
  const licence = "dist/client/openapi-fetch.LICENSE";
  const wanted = ["LICENSE", "README.md", "dist/client/*.d.ts", "dist/client/*.js", licence, "package.json"];
  expect([...new Set(places)].sort()).toEqual(wanted);
  expect(readdirSync(join(folder, "node_modules")).filter((name) => !name.startsWith("."))).toEqual([
    "xabar",
  ]);
  const { dependencies, peerDependencies } = JSON.parse(
    readFileSync(join(installed, "package.json"), "utf8"),
  );
  // What the Worker imports is a devDependency: wrangler bundles it.
  expect({ dependencies, peerDependencies }).toEqual({});
});

it("the client is at most 6 KB gzipped, with the stream", () => {
  const script = readFileSync(join(installed, "dist/client/index.js"));
  expect(script.toString()).toContain("openapi-fetch.LICENSE");
  expect(script.toString()).toContain("/sse/events");
  expect(gzipSync(script, { level: 9 }).length).toBeLessThanOrEqual(6 * 1024);
});

/** Each fails to compile at its last line only. */
const WRONG = {
  "a path": 'xabar.GET("/inboxes");',
  "a method": 'xabar.PUT("/inbox");',
  "a parameter": 'xabar.GET("/inbox", { params: { query: { unread: true } } });',
  "a missing parameter": 'xabar.GET("/threads/{thread_id}");',
  "a missing field": 'xabar.POST("/accounts", { body: { company_id: 1 } });',
  "a field's type": 'xabar.POST("/accounts", { body: { company_id: "1", email_address: "a@b.c" } });',
  "data without a check": 'xabar.GET("/companies").then(({ data }) => data.length);',
  "a field of the answer": 'xabar.GET("/companies").then(({ data }) => data?.[0]?.colour);',
  "the 409 of a call that has none": 'xabar.GET("/inbox").then(({ error }) => error?.messages);',
  "an unknown event": 'xabar.events({ onEvent: (event) => event.type === "message.craeted" });',
  "a field of another event": "xabar.events({ onEvent: (event) => event.user_id });",
};

it("the docs' example compiles strictly, and each mistake does not", async () => {
  expect(EXAMPLE).toContain('from "xabar/client"');
  const start =
    'import { createClient } from "xabar/client";\nconst xabar = createClient({ baseUrl: "", token: "" });\n';
  const wrong = Object.values(WRONG).map((line, nth) => [`wrong-${nth}.ts`, start + line]);
  expect(await compile({ "example.ts": EXAMPLE })).toEqual([]);
  const errors = await compile(Object.fromEntries(wrong));
  const places = errors.map((error) => /^(wrong-\d+\.ts)\((\d+),/.exec(error)?.slice(1).join(" line "));
  expect([...new Set(places)].sort()).toEqual(wrong.map(([name]) => `${name} line 3`).sort());
});

/** What the examples of the guide leave to the reader. */
const READERS_OWN = `
declare const [id, etag, entry, entries, showImages]: [string, string, string, string[], boolean];
declare const frame: HTMLIFrameElement;
declare const signIn: (refused?: string) => Promise<string>;
declare const [showSentence, showThread, showAccount, showColleaguesAnswer, showState, apply, reload]: ((...told: unknown[]) => void)[];
`;

it("the examples of the guide compile strictly, and are the same in both languages", async () => {
  const [english = [], uzbek] = ["en", "uz"].map((language) =>
    Array.from(
      readFileSync(`docs/guide.${language}.md`, "utf8").matchAll(/```ts\n([\s\S]+?)```/g),
      ([, code = ""]) => code,
    ),
  );
  expect(english.length).toBeGreaterThan(5);
  expect(uzbek).toEqual(english);
  const [start, ...examples] = english;
  // Each is a function of its own, since two may give a variable the same name.
  const bodies = examples.map((code) => `void (async () => {\n${code}\n});`);
  expect(await compile({ "guide.ts": [start, READERS_OWN, ...bodies].join("\n") })).toEqual([]);
});

it("the docs' example runs against the Worker", async () => {
  expect(await compile({ "example.ts": EXAMPLE })).toEqual([]);
  server = await startDevServer(state, ports);
  const [received] = await receiveMails(server, 1);
  const main = `
    import { answerNewest } from "./out/example.js";
    process.once("SIGTERM", () => leaving.abort());
    const leaving = new AbortController();
    await answerNewest(process.env.URL, process.env.TOKEN, leaving.signal);
    console.log("done");`;
  mkdirSync(join(folder, "out"), { recursive: true });
  writeFileSync(join(folder, "main.js"), main);
  const env = { ...process.env, URL: server.url, TOKEN: server.token };
  let output = "";
  const child = execFile(process.execPath, ["main.js"], { cwd: folder, env });
  child.stdout?.on("data", (text) => {
    output += text;
  });
  child.stderr?.on("data", (text) => {
    output += text;
  });
  // The reply comes back as an event, since the position is that of the list before it.
  await waitFor(() => expect(output).toMatch(/^sent\nconnecting \nlive \nmessage\.created /));
  const [next] = await receiveMails(server, 1);
  await waitFor(() => expect(output).toContain(`message.created ${next}`));
  expect(output).not.toContain(received);
  child.kill("SIGTERM");
  await waitFor(() => expect(output).toMatch(/\nclosed \ndone\n$/));
});
