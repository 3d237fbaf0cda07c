import { execFileSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));

/** Lets Node.js import the Worker as wrangler bundles it. */
const HOOKS = `
  import { registerHooks } from "node:module";
  registerHooks({
    resolve: (name, context, next) =>
      name === "cloudflare:workers"
        ? { url: "data:text/javascript,export class DurableObject {}", shortCircuit: true }
        : next(name, context),
    // Wrangler imports SQL and plain text as text.
    load: (url, context, next) =>
      url.endsWith(".sql") || url.endsWith(".txt")
        ? { format: "module", source: "export default ''", shortCircuit: true }
        : next(url, context),
  });
`;

/** Runs a script in a process of its own. @returns what it prints last, as JSON: log lines may come before */
const run = (script: string): unknown =>
  JSON.parse(
    execFileSync(process.execPath, ["--input-type=module", "--eval", HOOKS + script], {
      cwd: ROOT,
      encoding: "utf8",
      stdio: "pipe",
    })
      .trim()
      .split("\n")
      .at(-1) ?? "",
  );

/** Counts the schemas that zod has built. */
const COUNTER = `
  let built = 0;
  const { defineProperty } = Object;
  Object.defineProperty = (target, key, descriptor) => {
    if (key === "_zod") built++;
    return defineProperty(target, key, descriptor);
  };
  await import("./src/index.ts");
  const atStart = built;
  const { AccountParam } = await import("./src/ems/accounts/schemas.ts");
  AccountParam();
  const first = built - atStart;
  AccountParam();
  console.log(JSON.stringify({ atStart, first, again: built - atStart - first }));
`;

it("the start of the Worker builds no schema: each is built once, at its first use", () => {
  // The object, its id, and the two checks of the id.
  expect(run(COUNTER)).toEqual({ atStart: 0, first: 4, again: 0 });
});

/** Names the functions of a module that run when the Worker is imported, and when it is then asked for a path. */
const coverage = (folder: string, path: string) => `
  import { Session } from "node:inspector/promises";
  const session = new Session();
  session.connect();
  await session.post("Profiler.enable");
  await session.post("Profiler.startPreciseCoverage", { callCount: true, detailed: false });
  const ran = async () => {
    const { result } = await session.post("Profiler.takePreciseCoverage");
    return result
      .filter(({ url }) => url.includes("${folder}"))
      .flatMap(({ url, functions }) =>
        functions
          // What begins with the file is its global scope.
          .filter(({ ranges: [whole] }) => whole.startOffset > 0 && whole.count > 0)
          .map(({ functionName }) => url.slice(url.indexOf("${folder}") + ${folder.length}) + " " + functionName),
      );
  };
  const { app } = await import("./src/app.ts");
  const atStart = await ran();
  await app.fetch(new Request("https://xabar.test${path}"), {}, {}).catch(() => {});
  console.log(JSON.stringify({ atStart, atFirstRequest: await ran() }));
`;

it("the start of the Worker runs no function of UzbekHub: its first request builds the routes", () => {
  expect(run(coverage("/src/hub/", "/api/posts/post/"))).toEqual({
    atStart: [],
    atFirstRequest: expect.arrayContaining(["posts/routes.ts posts", "stories/routes.ts stories"]),
  });
});

it("the start of the Worker runs no function of Telegram auto-mailing, nor reads MTProto's code", () => {
  expect(run(coverage("/src/telegram/", "/ru/api/v1/auto-mailing/status/1/"))).toEqual({
    atStart: [],
    atFirstRequest: expect.arrayContaining(["users/routes.ts status", "runs/routes.ts runs"]),
  });
  expect(run(coverage("/src/telegram-account/", "/ru/api/v1/auto-mailing/status/1/"))).toEqual({
    atStart: [],
    atFirstRequest: [],
  });
});
