import { execFileSync } from "node:child_process";
import { globSync, mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { registerHooks } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";

// `npm run openapi` writes openapi.json, email-service.openapi.json and hub.openapi.json: the routes of each API, as their zod schemas and
// their routes.docs.ts describe them.
// `npm run openapi -- --check` fails if a file is not what the code gives.
// `npm run openapi -- --record` also runs the suites, and takes the examples from their answers.
//
// To add a route: declare its schemas and `responds(…)` in routes.ts, add an entry to the routes.docs.ts beside it, and
// run `npm run openapi`. What follows from the middleware (401, 403, 409, 422, 429 …) is added by itself; name the errors
// of the route's own code under `responses`, with a schema from responses.ts if they have more than `detail`.

/** Node has no `cloudflare:workers`, and no modules of text. The hub needs them, and no route's schema does. */
const STUBS: Record<string, string> = {
  "cloudflare:workers": "export class DurableObject {} export const env = {};",
};
registerHooks({
  resolve: (specifier, context, next) =>
    specifier === "cloudflare:workers" ? { url: specifier, shortCircuit: true } : next(specifier, context),
  load(url, context, next) {
    const stub = /\.(sql|txt|wasm)$/.test(url) ? 'export default "";' : STUBS[url];
    return stub ? { format: "module", source: stub, shortCircuit: true } : next(url, context);
  },
});

const EXAMPLES = "dev/openapi/examples.json";

type Exports = Record<string, unknown>;

const load = (file: string): Promise<Exports> => import(new URL(`../${file}`, import.meta.url).href);

/** The exports of all files of these names, under one object. @throws Error if two have the same name */
async function collect(...patterns: string[]): Promise<Exports> {
  const all: Exports = {};
  for (const file of globSync(patterns).sort()) {
    for (const [name, value] of Object.entries(await load(file))) {
      if (name in all) throw new Error(`${file} exports ${name}, and so does another`);
      all[name] = value;
    }
  }
  return all;
}

/** The entries of all routes.docs.ts files of these folders. */
async function collectDocs(name: "docs" | "events", ...patterns: string[]): Promise<Exports> {
  const files = await Promise.all(globSync(patterns).sort().map(load));
  return Object.assign({}, ...files.map((exports) => exports[name] ?? {}));
}

type Describe = (module: object) => object;

async function write(module: object): Promise<string> {
  const { describe } = (await load("dev/openapi/document.ts")) as { describe: Describe };
  const { version } = JSON.parse(readFileSync("package.json", "utf8"));
  return `${JSON.stringify(describe({ version, ...module }), null, 2)}\n`;
}

/** The document of the EMS, with the routes of the Worker itself. */
async function describeEms(): Promise<string> {
  const [front, ems] = [await load("src/app.ts"), await load("src/ems/routes.ts")];
  const { own } = front.app as { own: object };
  return write({
    title: "Xabar EMS API",
    description:
      "An email management system for teams. The [Email Service API](/docs?email-service) and [UzbekHub](/docs?hub) have pages of their own.",
    apps: [own, ems.app],
    ...(await load("dev/openapi/ems.ts")),
    docs: await collectDocs("docs", "src/platform/*.docs.ts", "src/ems/**/*.docs.ts"),
    events: await collectDocs("events", "src/ems/**/*.docs.ts"),
    schemas: {
      requests: await collect("src/ems/**/*schemas.ts"),
      responses: await collect("src/platform/responses.ts", "src/ems/**/responses.ts"),
    },
    examples: JSON.parse(readFileSync(EXAMPLES, "utf8")),
  });
}

/** The document of the Email Service API. `GET /health` is in that of the EMS. */
async function describeEmailService(): Promise<string> {
  const { app } = await load("src/email-service/routes.ts");
  return write({
    title: "Xabar Email Service API",
    description:
      "Any mailbox over IMAP, POP3 and SMTP: see docs/mailboxes.md. The EMS has [a page of its own](/docs).",
    apps: [app],
    ...(await load("dev/openapi/email-service.ts")),
    docs: await collectDocs("docs", "src/email-service/**/*.docs.ts"),
    events: {},
    schemas: {
      requests: await collect("src/email-service/**/*schemas.ts"),
      responses: await collect("src/email-service/**/responses.ts"),
    },
    examples: {},
  });
}

/** The document of UzbekHub. */
async function describeHub(): Promise<string> {
  const { app } = (await load("src/hub/routes.ts")) as { app(): object };
  return write({
    title: "Xabar UzbekHub API",
    description:
      "Accounts, posts, stories and comments: see docs/hub.md. The EMS has [a page of its own](/docs).",
    apps: [app()],
    ...(await load("dev/openapi/hub.ts")),
    docs: await collectDocs("docs", "src/hub/**/*.docs.ts"),
    events: {},
    schemas: {
      requests: await collect("src/hub/**/*schemas.ts"),
      responses: await collect("src/hub/**/responses.ts"),
    },
    examples: {},
  });
}

/** The document of Telegram auto-mailing. */
async function describeTelegram(): Promise<string> {
  const { app } = (await load("src/telegram/routes.ts")) as { app(): object };
  return write({
    title: "Xabar Telegram auto-mailing API",
    description:
      "Posts a user's ad into the user's own groups: see docs/telegram.md, also for what Telegram bans accounts for.",
    apps: [app()],
    ...(await load("dev/openapi/telegram.ts")),
    docs: await collectDocs("docs", "src/telegram/**/*.docs.ts"),
    events: {},
    schemas: {
      requests: await collect("src/telegram/**/*schemas.ts"),
      responses: await collect("src/telegram/**/responses.ts"),
    },
    examples: {},
  });
}

/** The files, and what the code gives for each. */
const DOCUMENTS: Record<string, () => Promise<string>> = {
  "openapi.json": describeEms,
  "email-service.openapi.json": describeEmailService,
  "hub.openapi.json": describeHub,
  "telegram.openapi.json": describeTelegram,
};

/** Runs the suites whose answers are fit to be shown, and keeps the best example of each body. */
function recordExamples(): void {
  const record = join(mkdtempSync(join(tmpdir(), "xabar-examples-")), "examples.json");
  writeFileSync(record, "{}");
  const suites =
    "accounts|attachments|bounces|companies|compose|connect|contacts|conversation|deliveries|drafts|entries|event|idempotency|inbox|".concat(
      "live-state|messages|outbox|resume|send|sweep|threads|uploads|users|webhooks",
    );
  const files = globSync("test/ems/*.test.ts").filter((file) =>
    new RegExp(`/(${suites})[\\w-]*\\.test`).test(file),
  );
  const run = (project: string, tests: string[]) =>
    execFileSync(
      process.execPath,
      ["node_modules/vitest/vitest.mjs", "run", "--project", project, ...tests],
      {
        env: { ...process.env, OPENAPI_RECORD: record },
        stdio: "inherit",
      },
    );
  run("worker", ["test/routes.test.ts", ...files]);
  // With STORE=d1, a move is refused.
  run("objects", ["test/ems/move.test.ts"]);
  const found: Record<string, string> = JSON.parse(readFileSync(record, "utf8"));
  const examples = Object.entries(found).map(([name, json]) => [name, JSON.parse(json)]);
  writeFileSync(EXAMPLES, `${JSON.stringify(Object.fromEntries(examples), null, 2)}\n`);
}

try {
  if (process.argv.includes("--record")) recordExamples();
  for (const [file, describe] of Object.entries(DOCUMENTS)) {
    const text = await describe();
    if (!process.argv.includes("--check")) writeFileSync(file, text);
    else if (readFileSync(file, "utf8") !== text) {
      throw new Error(`${file} is not what the code gives; run \`npm run openapi\` and commit it`);
    }
  }
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exit(1);
}
