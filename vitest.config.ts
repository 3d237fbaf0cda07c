import { readFileSync, writeFileSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { exportJWK, generateKeyPair } from "jose";
import { defineConfig } from "vitest/config";
import { parse as parseYaml } from "yaml";
import { buildWeb } from "./dev/build/web.ts";
import { createGeocoder } from "./dev/geocoder.ts";
import { CLIENT_ID, createGoogle } from "./dev/google.ts";
import { createCertificates } from "./dev/mail/net/certificates.ts";
import { trusting } from "./dev/mail/net/trust.ts";
import { startMailStandIn } from "./dev/mail/stand-in.ts";
import { createPullMount } from "./dev/nylas/pull.ts";
import { startTelegramStandIn } from "./dev/telegram/stand-in.ts";
import { startTier } from "./test/node/mail-servers/tier.ts";
import { auxiliary } from "./test/node/support/auxiliary.ts";
import { createInternet } from "./test/node/support/internet.ts";
import { schemaOf } from "./test/node/support/schema.ts";
import { better, type Examples } from "./test/support/examples.ts";

const certificates = await createCertificates();
const [{ cloudflareTest, readD1Migrations }, { unstable_readConfig }] = await trusting(certificates.ca, () =>
  Promise.all([import("@cloudflare/vitest-plugin"), import("wrangler")]),
);

const MAILBOX_CONFIG = "./src/mailbox/wrangler.toml";
const TELEGRAM_CONFIG = "./src/telegram-account/wrangler.toml";
const MAIL_KEYS = JSON.stringify([{ id: "test", key: Buffer.alloc(32, 7).toString("base64") }]);

const NYLAS = { apiKey: "test-api-key", controlToken: "test-control", webhookSecret: "test-webhook-secret" };

/** Of the chaos test: `npm run chaos -- --minutes 10 --seed 7`. */
const CHAOS = {
  seed: Number(process.env.CHAOS_SEED ?? Date.now() % 1e9),
  minutes: Number(process.env.CHAOS_MINUTES ?? 0),
  /** Sign-ups whose codes a script guesses, 100 times each: a multiple of 100. A thousand take some ten minutes. */
  signUps: Number(process.env.CHAOS_SIGN_UPS ?? 100),
};

/** The file for the examples of openapi.json, while they are recorded. */
const RECORD = process.env.OPENAPI_RECORD ?? "";

/** Adds recorded examples to the file. */
function record(found: unknown): Response {
  const examples: Examples = new Map(Object.entries(JSON.parse(readFileSync(RECORD, "utf8"))));
  for (const [name, json] of found as [string, string][]) {
    examples.set(name, better(examples.get(name), json) ?? json);
  }
  const sorted = [...examples].sort(([a], [b]) => (a < b ? -1 : 1));
  writeFileSync(RECORD, JSON.stringify(Object.fromEntries(sorted)));
  return new Response();
}

/** All that the Worker's outbound requests can reach in tests: stand-ins, and two issuers of tokens. */
async function outbound() {
  const mount = (seed: number) =>
    createPullMount({
      apiKey: NYLAS.apiKey,
      controlToken: NYLAS.controlToken,
      seed,
      sentAsUpdated: 0,
      webhooks: [{ url: "https://xabar.test/webhooks/nylas", secret: NYLAS.webhookSecret }],
    });
  const nylas = mount(1);
  const unrulyNylas = new Map<string, ReturnType<typeof mount>>();
  const geocoder = createGeocoder();
  const { publicKey, privateKey } = await generateKeyPair("ES256", { extractable: true });
  const jwks = { keys: [{ ...(await exportJWK(publicKey)), kid: "test", alg: "ES256" }] };
  const google = await createGoogle();
  const fetch = async (request: Request): Promise<Response> => {
    const { hostname } = new URL(request.url);
    if (hostname === "nylas.test") return nylas.fetch(request);
    if (hostname.endsWith(".chaos.nylas.test")) {
      const own = unrulyNylas.get(hostname) ?? mount(CHAOS.seed);
      unrulyNylas.set(hostname, own);
      return own.fetch(request);
    }
    if (hostname === "geocoder.test") return geocoder.fetch(request);
    if (hostname === "issuer.test") return Response.json(jwks);
    if (hostname === "google.test") return Response.json(google.jwks);
    if (["mail-control.test", "telegram-control.test"].includes(hostname)) return internet.fetch(request);
    if (hostname === "record.test") return record(await request.json());
    return new Response(`No route to ${hostname}`, { status: 503 });
  };
  return {
    fetch,
    privateKey: JSON.stringify({ ...(await exportJWK(privateKey)), kid: "test", alg: "ES256" }),
    googleKey: JSON.stringify(google.privateKey),
  };
}

/** The limits of wrangler.toml, but for how many requests they allow. */
const rateLimits = (limit: number) => ({
  RATE_LIMIT: { namespace_id: "1001", simple: { limit, period: 60 as const } },
  OPEN_RATE_LIMIT: { namespace_id: "1002", simple: { limit, period: 60 as const } },
});

/** What their refusals say of them. */
const policies = (limit: number) => ({
  RATE_LIMIT_POLICY: `"user";q=${limit};w=60`,
  OPEN_RATE_LIMIT_POLICY: `"address";q=${limit};w=60`,
});

/** The same for dev/worker, which counts in memory. */
const localRateLimits = (limit: number) =>
  Object.fromEntries(Object.entries(rateLimits(limit)).map(([name, { simple }]) => [name, simple]));

/** The scripts of the engines as they are deployed, beside the Worker. Each is bundled once. */
const engines = new Map<string, ReturnType<typeof auxiliary>>();
async function createEngine(config: string, bindings: Record<string, string>) {
  const engine = engines.get(config) ?? auxiliary(config);
  engines.set(config, engine);
  // Wrangler's options have types of their own.
  return { ...(await engine), bindings, outboundService: internet.fetch } as never;
}

const createEngines = async () =>
  Promise.all([
    createEngine(MAILBOX_CONFIG, { MAIL_KEYS, MAIL_LOCAL_HOSTS: "localhost:*", ...internet.bindings }),
    createEngine(TELEGRAM_CONFIG, await telegramSettings()),
  ]);

interface WorkerOptions {
  limit?: number;
  store?: string;
  main?: string;
  /** True for the engines' own scripts, on stand-ins. Otherwise main.ts has fakes. */
  isWired?: boolean;
}

const createWorker = ({
  limit,
  store = "d1",
  main = "./test/support/main.ts",
  isWired = false,
}: WorkerOptions) =>
  cloudflareTest(async () => {
    const { fetch, privateKey, googleKey } = await outbound();
    if (isWired) mailServers ??= startMailStandIn(certificates, { isToken: internet.isToken });
    const servers = isWired ? await mailServers : undefined;
    if (servers) internet.add("mail-control.test", servers.fetch);
    const migrations = await readD1Migrations("./migrations/ems");
    const emailService = await readD1Migrations("./migrations/email-service");
    const hub = await readD1Migrations("./migrations/hub");
    const telegram = await readD1Migrations("./migrations/telegram");
    await buildWeb(); // what the binding ASSETS serves
    return {
      ...(isWired ? {} : { main }),
      wrangler: { configPath: "./wrangler.toml" },
      miniflare: {
        d1Databases: { NOTES_DB: "notes" },
        ...(isWired
          ? { workers: await createEngines() }
          : {
              durableObjects: {
                MAILBOX: { className: "Mailbox", useSQLite: true },
                TELEGRAM_ACCOUNT: { className: "TelegramAccount", useSQLite: true },
              },
            }),
        ...(limit === undefined ? {} : { ratelimits: rateLimits(limit) }),
        bindings: {
          STORE: store,
          TEST_MIGRATIONS: migrations,
          TEST_SCHEMA: schemaOf(migrations),
          TEST_EMAIL_SERVICE_SCHEMA: schemaOf(emailService),
          TEST_HUB_SCHEMA: schemaOf(hub),
          TEST_TELEGRAM_SCHEMA: schemaOf(telegram),
          TEST_EMAIL_CONTRACT: parseYaml(readFileSync("test/fixtures/email-service.openapi.yaml", "utf8")),
          TEST_HUB_CONTRACT: readFileSync("test/fixtures/uzbekhub-api.md", "utf8"),
          TEST_TELEGRAM_CONTRACT: readFileSync("test/fixtures/telegram-auto-mailing.md", "utf8"),
          TEST_ISSUER_KEY: privateKey,
          TEST_GOOGLE_KEY: googleKey,
          HUB_GOOGLE_JWKS_URL: "https://google.test/certs",
          HUB_GOOGLE_CLIENT_IDS: `${CLIENT_ID}, other.apps.googleusercontent.com`,
          TEST_CONTROL_TOKEN: NYLAS.controlToken,
          TEST_CHAOS: CHAOS,
          TEST_RECORD: RECORD,
          TEST_MAIL: servers?.ports ?? {},
          ...(limit === undefined
            ? {}
            : {
                TEST_RATE_LIMIT: limit,
                LOCAL_RATE_LIMITS: JSON.stringify(localRateLimits(limit)),
                ...policies(limit),
              }),
          // Whatever a developer's own .dev.vars may say.
          ...{ CORS_ORIGINS: "", R2_S3_ENDPOINT: "", R2_ACCESS_KEY_ID: "", R2_SECRET_ACCESS_KEY: "" },
          // Of the bundle: see src/platform/config.ts. Here it is read when it is needed.
          NODE_ENV: "test",
          // All of it is checked: test/support/log-check.ts.
          LOG_SAMPLE: "1",
          METRICS_TOKEN: "test-metrics-token",
          JWT_SECRET: "test-jwt-secret",
          HUB_JWT_SECRET: "test-hub-secret-of-at-least-32-bytes",
          HUB_GEOCODER_URL: "https://geocoder.test",
          TELEGRAM_AUTH: "init-data",
          TELEGRAM_BOT_TOKEN: "7000000001:test-bot-token",
          TELEGRAM_TERMS_ACCEPTED: "yes",
          TELEGRAM_MIN_FREQUENCY: "1",
          TELEGRAM_PACE: "0-0",
          JWT_JWKS_URL: "https://issuer.test/jwks.json",
          NYLAS_API_KEY: NYLAS.apiKey,
          NYLAS_API_URI: "https://nylas.test",
          NYLAS_CLIENT_ID: "test-client",
          NYLAS_WEBHOOK_SECRET: NYLAS.webhookSecret,
        },
        outboundService: fetch as never, // miniflare's own Request and Response classes, alike in all that is used
      },
    };
  });

/** In milliseconds. Room for a machine that is slow and busy; the waits inside tests are shorter: test/support/wait.ts. */
const limits = { testTimeout: 600_000, hookTimeout: 600_000, expect: { poll: { timeout: 240_000 } } };

/** What takes more than 20 seconds on an idle machine of two cores: `npm run test:slow`. */
const SLOW = {
  worker: [
    "test/chaos/*.test.ts",
    "test/{ems,lib,platform}/**/*.property.test.ts",
    "test/ems/plans.test.ts",
    "test/hub/{auth-guesses,failures}.test.ts",
  ],
  mailbox: ["test/mailbox/chaos/*.test.ts", "test/mailbox/*.property.test.ts"],
  node: [
    "test/node/{deploy,dev,export,html-linear,import,linear,mime-linear,restore,sse-clients}.test.ts",
    "test/node/client/{line,packed}.test.ts",
  ],
};

/** Imports text as wrangler does, in Node. */
const text = {
  name: "text",
  enforce: "pre" as const,
  load: (id: string) =>
    id.endsWith(".txt") ? `export default ${JSON.stringify(readFileSync(id, "utf8"))}` : undefined,
};

/** Pure code, which is the same in Node, where a file costs less. */
const PURE = ["test/lib/**/*.test.ts", "test/ems/{folder-names,position}.test.ts"];

/** Suites of other runtimes. */
const OTHERS = ["test/node/**", "test/mailbox/**", "test/telegram-account/**", "test/wired/**"];

/** Files of a runtime share it and its modules: test/support/setup.ts empties its storage for each of them. */
const inWorker = (options: WorkerOptions = {}) => ({
  plugins: [createWorker(options)],
  test: { setupFiles: ["./test/support/setup.ts"], isolate: false, ...limits },
});

const project = <Base extends { test: object }>(base: Base, test: object) => ({
  ...base,
  test: { ...base.test, ...test },
});

/** What the script of the mail protocols has in place of packages: the same as in its bundle. */
const mailboxAliases = Object.entries(
  unstable_readConfig({ config: MAILBOX_CONFIG }).alias as Record<string, string>,
).map(([find, path]) => ({ find, replacement: resolve(dirname(MAILBOX_CONFIG), path) }));

/** All files share the mail servers: each test has a mailbox of its own there. */
const internet = createInternet();
let mailServers: ReturnType<typeof startMailStandIn> | undefined;
let realMailServers: ReturnType<typeof startTier> | undefined;

/** The script of the mail protocols, in a runtime of its own. */
const mailbox = (options: { hasRealServers?: boolean } = {}) => ({
  plugins: [createMailboxWorker(options)],
  resolve: { alias: mailboxAliases },
  test: { isolate: false, ...limits },
});

/** @param options.hasRealServers whether mail servers that are installed are reached beside the stand-in */
const createMailboxWorker = ({ hasRealServers = false }) =>
  cloudflareTest(async () => {
    mailServers ??= startMailStandIn(certificates, { isToken: internet.isToken });
    if (hasRealServers) realMailServers ??= startTier(certificates.trusted);
    const [servers, real] = await Promise.all([mailServers, realMailServers]);
    internet.add("mail-control.test", servers.fetch);
    if (real) internet.add("mail-servers.test", real.fetch);
    return {
      wrangler: { configPath: MAILBOX_CONFIG },
      miniflare: {
        bindings: {
          NODE_ENV: "test",
          MAIL_KEYS,
          MAIL_LOCAL_HOSTS: "localhost:*",
          TEST_MAIL: servers.ports,
          TEST_CHAOS: CHAOS,
          TEST_MAIL_SERVERS: real ? JSON.stringify(real.servers) : "",
          ...internet.bindings,
        },
        outboundService: internet.fetch as never, // as above
      },
    };
  });

/** The script of the Telegram accounts, in a runtime of its own. */
const telegramAccount = () => ({
  plugins: [createTelegramWorker()],
  test: { isolate: false, ...limits },
});

/** All files share the stand-in for Telegram: each test has people of its own there. */
let telegram: ReturnType<typeof startTelegramStandIn> | undefined;

/** What its script needs in order to reach the stand-in. */
async function telegramSettings() {
  telegram ??= startTelegramStandIn();
  const { dc, publicKey, fetch } = await telegram;
  internet.add("telegram-control.test", fetch);
  return {
    NODE_ENV: "test",
    TELEGRAM_API_ID: "1",
    TELEGRAM_API_HASH: "test-api-hash",
    TELEGRAM_SESSION_KEY: Buffer.alloc(32, 9).toString("base64"),
    TELEGRAM_DC: dc,
    TELEGRAM_DC_KEY: publicKey,
  };
}

const createTelegramWorker = () =>
  cloudflareTest(async () => ({
    wrangler: { configPath: TELEGRAM_CONFIG },
    miniflare: {
      bindings: await telegramSettings(),
      outboundService: internet.fetch as never, // as above
    },
  }));

/** What exhausts the rate limits: of a lower limit, so that a slow machine reaches it within the minute. */
const LIMITED = ["test/app-rate-limit.test.ts"];

export default defineConfig({
  test: {
    silent: "passed-only",
    // Several suites wait more than they work: for a whole `npm run dev`, for a keepalive.
    maxWorkers: 4,
    projects: [
      project(inWorker(), {
        name: "worker",
        include: ["test/**/*.test.ts"],
        exclude: [...OTHERS, ...PURE, ...LIMITED, ...SLOW.worker],
      }),
      // The Worker and the script of the mail protocols together, as they are deployed.
      project(inWorker({ isWired: true }), { name: "wired", include: ["test/wired/*.test.ts"] }),
      project(mailbox(), {
        name: "mailbox",
        include: ["test/mailbox/**/*.test.ts"],
        exclude: ["test/mailbox/real/**", ...SLOW.mailbox],
      }),
      project(telegramAccount(), { name: "telegram", include: ["test/telegram-account/**/*.test.ts"] }),
      project(mailbox(), { name: "slow-mailbox", include: SLOW.mailbox }),
      project(mailbox({ hasRealServers: true }), {
        name: "mail-servers",
        include: ["test/mailbox/real/*.test.ts"],
      }),
      project(inWorker({ store: "objects" }), {
        name: "objects",
        include: ["test/ems/*.test.ts", "test/*.test.ts"],
        exclude: [...PURE, ...LIMITED, ...SLOW.worker],
      }),
      project(inWorker({ limit: 100 }), { name: "worker-limits", include: LIMITED }),
      project(inWorker({ limit: 100, store: "objects", main: "./test/support/local-main.ts" }), {
        name: "local-limits",
        include: LIMITED,
      }),
      project(inWorker(), { name: "slow-worker", include: SLOW.worker }),
      project(inWorker({ store: "objects" }), {
        name: "slow-objects",
        include: SLOW.worker,
        exclude: ["test/hub/**"],
      }),
      {
        plugins: [text],
        test: {
          name: "node",
          include: ["test/node/**/*.test.ts", ...PURE],
          exclude: SLOW.node,
          isolate: false,
          ...limits,
        },
      },
      { plugins: [text], test: { name: "slow-node", include: SLOW.node, ...limits } },
    ],
  },
});
