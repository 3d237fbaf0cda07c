import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { deployedVersion, emptyAccount, type Script, type Version } from "../../dev/cloudflare/account.ts";
import type { Faults } from "../../dev/cloudflare/faults.ts";
import { signToken } from "../../dev/token.ts";
import { signIn } from "../../ops/cloudflare.ts";
import { LIFECYCLE_RULES } from "../../ops/deploy/resources.ts";
import { urlAmong, waitForHealth } from "../../ops/deploy/run.ts";
import { ensureWebhook } from "../../ops/deploy/webhook.ts";
import { readWorker } from "../../ops/deploy/worker.ts";
import {
  createOperator,
  JWT_SECRET,
  MAIL_KEYS,
  NYLAS_KEY,
  OLD_WEBHOOK,
  type Operator,
  secretOf,
  URL,
} from "./support/operator.ts";

const operators: Operator[] = [];
async function newOperator(account?: Parameters<typeof createOperator>[0]): Promise<Operator> {
  const operator = await createOperator(account);
  operators.push(operator);
  return operator;
}
afterAll(() => Promise.all(operators.map((operator) => operator.close())));

const changesOf = ({ cloudflare }: Operator): string[] =>
  cloudflare.seen.flatMap(({ kind, isWriting }) => (isWriting ? kind : []));

/** The error of a deployment that fails. */
const failureOf = (deployment: Promise<void>): Promise<Error> =>
  deployment.then(
    () => Promise.reject(new Error("it succeeded")),
    (error: Error) => error,
  );

/** One sentence, with no stack and no second line. */
const SENTENCE = /^[^\n]+[.…]$/;

let first: Operator;
/** What it holds after the first deployment. */
let done: object;
/** The kinds of changes that this took. */
let firstChanges: string[];

beforeAll(async () => {
  first = await newOperator();
  await first.deploy();
  firstChanges = changesOf(first);
  done = await first.summary();
});

describe("without changing anything", () => {
  it("a dry run prints the plan, and only reads", async () => {
    const operator = await newOperator();
    await operator.deploy({ isDryRun: true, given: operator.env });
    expect(operator.printed).toContain("would create the D1 database xabar");
    expect(operator.printed).toContain("would create the queue xabar-webhooks-dead");
    expect(operator.printed.join("\n")).toMatch(/would ask for JWT_SECRET: /);
    expect(operator.printed).toContain("would add 3 lifecycle rules to the bucket xabar-attachments");
    expect(operator.printed.join("\n")).toMatch(/would ask for MAIL_KEYS: /);
    expect(operator.printed.slice(-4)).toEqual([
      "would deploy the script xabar-mailbox",
      "would deploy the script xabar-telegram",
      "would deploy the Worker xabar",
      "would register the webhook at Nylas",
    ]);
    expect(operator.cloudflare.seen.length).toBeGreaterThan(4);
    expect(changesOf(operator)).toEqual([]);
  });

  it("a dry run of what is deployed has only the code to upload", async () => {
    first.printed.length = 0;
    const before = changesOf(first).length;
    await first.deploy({ isDryRun: true, given: first.env });
    expect(first.printed).toEqual([
      "would deploy the script xabar-mailbox",
      "would deploy the script xabar-telegram",
      "would deploy the Worker xabar",
    ]);
    expect(changesOf(first)).toHaveLength(before);
  });
});

describe("one sentence says what to do", () => {
  const failing = async (operator: Operator, options: Parameters<Operator["deploy"]>[0]) =>
    (await failureOf(operator.deploy(options))).message;

  it("for a login that Cloudflare refuses", async () => {
    const operator = await newOperator();
    const given = { ...operator.env, CLOUDFLARE_API_TOKEN: "another" };
    const said = await failing(operator, { given });
    expect(said).toMatch(SENTENCE);
    expect(said).toContain("needs to edit Workers Scripts, D1, Queues and Workers R2 Storage");
  });

  it("for somebody who is not logged in", async () => {
    const operator = await newOperator();
    const given = { ...operator.env, CLOUDFLARE_API_TOKEN: "" };
    expect(await failing(operator, { given })).toBe(
      "You are not logged in: run npx wrangler login, or set CLOUDFLARE_API_TOKEN.",
    );
  });

  it("for an account without a workers.dev subdomain", async () => {
    const said = await failing(await newOperator(emptyAccount(null)), {});
    expect(said).toMatch(SENTENCE);
    expect(said).toContain("/workers/onboarding");
  });

  it.each([
    ["the public development secret", "local-development-secret-do-not-deploy", "is public"],
    ["a short one", "x".repeat(31), "at least 32 bytes"],
  ])("for a JWT_SECRET that is %s", async (_, secret, reason) => {
    const operator = await newOperator();
    const given = { ...operator.env, MAIL_KEYS, JWT_SECRET: secret, NYLAS_API_KEY: NYLAS_KEY };
    const said = await failing(operator, { given });
    expect(said).toMatch(SENTENCE);
    expect(said).toContain(reason);
    expect(said).not.toContain(secret);
    expect(changesOf(operator).filter((kind) => kind.includes("scripts"))).toEqual([]);
  });

  it("for a HUB_JWT_SECRET that is short", async () => {
    const operator = await newOperator();
    const given = {
      ...operator.env,
      MAIL_KEYS,
      JWT_SECRET,
      HUB_JWT_SECRET: "x".repeat(31),
      NYLAS_API_KEY: NYLAS_KEY,
    };
    expect(await failing(operator, { given })).toMatch(/^HUB_JWT_SECRET must have at least 32 bytes/);
  });

  it("for a missing secret without a terminal, from the command itself, which fails", async () => {
    const operator = await newOperator();
    const env = { ...operator.env, MAIL_KEYS };
    const command = promisify(execFile)(process.execPath, ["ops/deploy.ts"], { env });
    const failure = await command.then(
      () => Promise.reject(new Error("it succeeded")),
      (error: { code: number; stderr: string }) => error,
    );
    expect(failure.code).toBe(1);
    expect(failure.stderr.trim()).toMatch(
      /^JWT_SECRET is missing \([^\n]+\): set it in the environment [^\n]+\.$/,
    );
  });

  it("for missing keys of mailboxes", async () => {
    const operator = await newOperator();
    const given = { ...operator.env, JWT_SECRET, NYLAS_API_KEY: NYLAS_KEY };
    const said = await failing(operator, { given });
    expect(said).toMatch(SENTENCE);
    expect(said).toContain("MAIL_KEYS is missing (it seals the passwords of mailboxes");
    expect(said).toContain("--without mailbox");
  });

  const key = Buffer.alloc(32, 7).toString("base64");
  it.each(["x".repeat(32), `"${key}"`])("for a key of Telegram's sessions that is none: %s", async (bad) => {
    const operator = await newOperator();
    const given = {
      ...{ ...operator.env, MAIL_KEYS, JWT_SECRET, NYLAS_API_KEY: NYLAS_KEY },
      TELEGRAM_SESSION_KEY: bad,
    };
    expect(await failing(operator, { given })).toMatch(/^TELEGRAM_SESSION_KEY must be 32 bytes in base64/);
  });

  it("for an engine that is none", async () => {
    const said = await failing(await newOperator(), { without: ["mailboxes"] });
    expect(said).toBe("--without mailboxes names no engine: there are mailbox, telegram.");
  });

  it("for a key that Nylas refuses", async () => {
    const cloudflare = await signIn(first.env, undefined);
    const secrets = { stored: [], missing: {}, nylasKey: "nyk_of_another" };
    const options = { given: first.env, print: () => {} };
    const said = (await failureOf(ensureWebhook(cloudflare, readWorker(), secrets, URL, options))).message;
    expect(said).toMatch(SENTENCE);
    expect(said).toContain("check NYLAS_API_KEY, and that NYLAS_API_URI is of its region");
  });

  it("for a Worker that is not healthy in time", async () => {
    const answers: [answer: () => Response, said: string][] = [
      [() => new Response("no", { status: 503 }), "status 503"],
      [() => new Response("<h1>another site</h1>"), "status 200"],
      [() => Response.error(), "status 0"],
    ];
    for (const [answer, reason] of answers) {
      const unwell = (async () => answer()) as typeof fetch;
      const said = (await failureOf(waitForHealth(URL, { fetch: unwell, waitSeconds: 0 }))).message;
      expect(said).toMatch(SENTENCE);
      expect(said).toContain(`${URL}/health is not well (${reason})`);
    }
  });
});

describe("an empty account", () => {
  it("has everything that wrangler.toml asks for", () => {
    expect(done).toMatchObject({
      databases: [
        { name: "xabar" },
        { name: "xabar-email-service" },
        { name: "xabar-hub" },
        { name: "xabar-telegram" },
      ],
      buckets: [{ name: "xabar-attachments" }],
      queues: [
        {
          queue_name: "xabar-webhooks",
          consumers: [{ script: "xabar", dead_letter_queue: "xabar-webhooks-dead" }],
        },
        { queue_name: "xabar-jobs", consumers: [{ script: "xabar", dead_letter_queue: "xabar-jobs-dead" }] },
        { queue_name: "xabar-hub", consumers: [{ script: "xabar", dead_letter_queue: "xabar-hub-dead" }] },
        { queue_name: "xabar-webhooks-dead", consumers: [{ script: "xabar" }] },
        { queue_name: "xabar-jobs-dead", consumers: [{ script: "xabar" }] },
        { queue_name: "xabar-mail", consumers: [{ script: "xabar", dead_letter_queue: "xabar-mail-dead" }] },
        { queue_name: "xabar-mail-dead", consumers: [{ script: "xabar" }] },
        { queue_name: "xabar-hub-dead", consumers: [{ script: "xabar" }] },
      ],
      scripts: [
        { name: "xabar-mailbox", classes: ["Mailbox"], schedules: [], subdomain: { enabled: false } },
        {
          name: "xabar-telegram",
          classes: ["TelegramAccount"],
          schedules: [],
          subdomain: { enabled: false },
        },
        { name: "xabar", schedules: [{ cron: "*/10 * * * *" }], subdomain: { enabled: true } },
      ],
      webhooks: [
        { webhook_url: OLD_WEBHOOK, description: "", isSecretStored: false },
        { webhook_url: `${URL}/webhooks/nylas`, description: "Xabar", isSecretStored: true },
      ],
    });
    const [{ rules }] = (done as { buckets: [{ rules: { id: string }[] }] }).buckets;
    expect(rules.map(({ id }) => id)).toEqual([
      "Default Multipart Abort Rule",
      ...LIFECYCLE_RULES.map(({ id }) => id),
    ]);
  });

  it("ends with a Worker that answers from its own database", async () => {
    const token = await signToken({ user: 1, companies: [1], role: "admin", hours: 1 }, JWT_SECRET);
    const headers = { authorization: `Bearer ${token}` };
    const inbox = await first.cloudflare.visit(new Request(`${URL}/inbox/`, { headers }));
    expect(await inbox.json()).toMatchObject({ items: [], total: 0 });
  });

  it.each(["/", "/openapi.json", "/docs/"])("serves the file %s", async (path) => {
    const file = await first.cloudflare.visit(new Request(URL + path));
    expect(file.status).toBe(200);
    expect(file.headers.get("content-type")).toMatch(/^(application\/json|text\/html)/);
  });

  it("answers an address within the web inbox with its page, and has each script of it", async () => {
    const visit = async (path: string) => first.cloudflare.visit(new Request(URL + path));
    const page = await (await visit("/app/inbox/018f")).text();
    expect(page).toBe(await (await visit("/")).text());
    const scripts = Array.from(page.matchAll(/"(\/assets\/[^"]+\.js)"/g), ([, path = ""]) => path);
    expect(scripts).not.toEqual([]);
    for (const path of scripts) expect([path, (await visit(path)).status]).toEqual([path, 200]);
    expect((await visit("/assets/index-0.js")).status).toBe(404);
  });

  it("is not changed by a second run, nor is any secret", async () => {
    const secrets = () =>
      ["JWT_SECRET", "HUB_JWT_SECRET", "NYLAS_WEBHOOK_SECRET"]
        .map((name) => secretOf(first.cloudflare.account, name))
        .concat(secretOf(first.cloudflare.account, "TELEGRAM_SESSION_KEY", "xabar-telegram"));
    const before = secrets();
    // Made without a question, and never shown.
    expect(before[1]).toMatch(/^[0-9a-f]{64}$/);
    expect(before[3]).toMatch(/^[A-Za-z0-9+/]{43}=$/);
    first.printed.length = 0;
    // Not even by another value for what is stored.
    await first.deploy({ given: { ...first.env, JWT_SECRET: "x".repeat(64), NYLAS_API_KEY: NYLAS_KEY } });
    expect(first.printed).toEqual([
      "deploy the script xabar-mailbox",
      "deploy the script xabar-telegram",
      "deploy the Worker xabar",
      `Nylas also notifies ${OLD_WEBHOOK}: delete that webhook if the address is no longer in use.`,
      `Xabar answers at ${URL}`,
    ]);
    expect(await first.summary()).toEqual(done);
    expect(secrets()).toEqual(before);
  });

  it("gets lost secrets back by asking: Enter makes a good JWT_SECRET, shown once, and Nylas makes another", async () => {
    const { account } = first.cloudflare;
    const before = secretOf(account, "NYLAS_WEBHOOK_SECRET");
    const version = deployedVersion(account.scripts.get("xabar") as Script) as Version;
    version.bindings = version.bindings.filter(({ name }) => !/JWT_SECRET|WEBHOOK_SECRET/.test(name));
    const asked: string[] = [];
    const ask = async (question: string) => {
      asked.push(question);
      return question.startsWith("JWT_SECRET") ? "" : NYLAS_KEY;
    };
    await first.deploy({ given: first.env, ask });
    expect(asked.map((question) => question.split(" ")[0])).toEqual(["JWT_SECRET", "NYLAS_API_KEY"]);
    const made = String(secretOf(account, "JWT_SECRET"));
    expect(made).toMatch(/^[0-9a-f]{64}$/);
    expect(first.printed.filter((line) => line.includes(made))).toHaveLength(1);
    expect(secretOf(account, "NYLAS_WEBHOOK_SECRET")).not.toBe(before);
    expect(await first.summary()).toMatchObject({
      webhooks: [{ webhook_url: OLD_WEBHOOK }, { description: "Xabar", isSecretStored: true }],
    });
  });
});

describe("without engines", () => {
  it("the Worker is deployed alone, and answers; with them later, it finds their scripts", async () => {
    const operator = await newOperator();
    const given = { ...operator.env, JWT_SECRET, NYLAS_API_KEY: NYLAS_KEY };
    await operator.deploy({ given, without: ["mailbox", "telegram"] });
    const { account } = operator.cloudflare;
    expect([...account.scripts.keys()]).toEqual(["xabar"]);
    const bound = () => deployedVersion(account.scripts.get("xabar") as Script)?.bindings ?? [];
    const named = () => bound().map(({ name }) => name);
    for (const binding of ["MAILBOX", "TELEGRAM_ACCOUNT"]) expect(named()).not.toContain(binding);
    const telegram = {
      ...{ TELEGRAM_API_ID: "12345", TELEGRAM_API_HASH: "0123456789abcdef0123456789abcdef" },
      ...{ TELEGRAM_TERMS_ACCEPTED: "yes", TELEGRAM_BOT_TOKEN: "1:token" },
    };
    await operator.deploy({ given: { ...given, ...telegram, MAIL_KEYS } });
    for (const binding of ["MAILBOX", "TELEGRAM_ACCOUNT"]) expect(named()).toContain(binding);
    expect(secretOf(account, "MAIL_KEYS", "xabar-mailbox")).toBe(MAIL_KEYS);
    expect(secretOf(account, "MAIL_KEYS")).toBeUndefined();
    // What signs in at Telegram is in its own script alone, and what the API decides by in the Worker.
    const valuesIn = (script: string) => Object.keys(telegram).map((name) => secretOf(account, name, script));
    const [id, hash, ...others] = Object.values(telegram);
    expect(valuesIn("xabar-telegram")).toEqual([id, hash, undefined, undefined]);
    expect(valuesIn("xabar")).toEqual([undefined, undefined, ...others]);
  });
});

/** Each runs wrangler some eighty times. */
const LONG = { timeout: 2_400_000 };

describe.concurrent("after a failure the next run goes on, and ends the same", LONG, () => {
  /** @returns how often it failed */
  async function repeat(operator: Operator, fault: Partial<Faults>): Promise<number> {
    Object.assign(operator.cloudflare.faults, fault);
    for (let failures = 0; ; failures++) {
      operator.cloudflare.faults.isDead = false;
      const failure = await operator.deploy({ waitSeconds: 0 }).catch((error: Error) => error);
      if (!failure) return failures;
      expect(failures, failure.message).toBeLessThan(40);
    }
  }

  it("when the process dies after a change, of each kind", async () => {
    const operator = await newOperator();
    const failures = await repeat(operator, { isDyingAfterEach: true });
    const { died } = operator.cloudflare;
    expect(failures).toBe(died.size);
    expect([...died]).toEqual(expect.arrayContaining(firstChanges));
    expect(await operator.summary()).toEqual(done);
  });

  it("when every call fails once, by 503 or without an answer", async () => {
    const operator = await newOperator();
    expect(await repeat(operator, { isEachFailingOnce: true })).toBeGreaterThan(5);
    expect(await operator.summary()).toEqual(done);
  });
});

describe("the deployed code", () => {
  it("refuses a short secret that is set by hand, and the next run says so", async () => {
    const { account, apiUrl } = first.cloudflare;
    await fetch(`${apiUrl}/accounts/${account.id}/workers/scripts/xabar/secrets`, {
      method: "PUT",
      headers: { authorization: `Bearer ${account.token}` },
      body: JSON.stringify({ name: "JWT_SECRET", text: "short", type: "secret_text" }),
    });
    const token = await signToken({ user: 1, companies: [1], role: "admin", hours: 1 }, "short");
    const headers = { authorization: `Bearer ${token}` };
    expect((await first.cloudflare.visit(new Request(`${URL}/inbox/`, { headers }))).status).toBe(503);
    const failure = await failureOf(first.deploy());
    expect(failure.message).toBe(
      "The Worker refuses JWT_SECRET, public or too short: run npx wrangler secret put JWT_SECRET.",
    );
  });
});

it.each([
  [["mail.example.com (custom domain)", "https://xabar.team.workers.dev"], "https://mail.example.com"],
  [["mail.example.com/* (zone name: example.com)", "schedule: */10 * * * *"], "https://mail.example.com"],
  [["schedule: */10 * * * *", "https://xabar.team.workers.dev"], "https://xabar.team.workers.dev"],
])("of the targets %j the address is %s", (targets, url) => {
  expect(urlAmong(targets)).toBe(url);
});
