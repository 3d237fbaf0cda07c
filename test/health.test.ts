import { createExecutionContext } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { beforeAll, describe, expect, it } from "vitest";
import { app } from "../src/app.ts";
import { migrations } from "../src/ems/store/migrations.ts";

interface Health {
  status: string;
  detail?: string;
  parts: Record<string, { status: string; detail?: string }>;
}

/** Health of a Worker with other bindings. Each call is to a new Worker, which has kept nothing. */
async function ask(changes: object, token?: string, on = { ...env, ...changes } as Env) {
  const headers = token === undefined ? {} : { authorization: `Bearer ${token}` };
  const request = new Request("https://xabar.test/health", { headers });
  const response = await app.fetch(request, on, createExecutionContext());
  return { status: response.status, body: await response.json<Health>() };
}

const TOKEN = env.METRICS_TOKEN;
const OK = { status: "ok" };

/** A binding of which every call fails, and is counted. */
function broken() {
  const calls = { count: 0 };
  const fail = () => {
    calls.count++;
    throw new Error("out of reach");
  };
  return { calls, binding: new Proxy({}, { get: () => fail }) };
}

/** As `wrangler d1 migrations apply` keeps it. */
async function applyAll(): Promise<void> {
  await env.DB.batch([
    env.DB.prepare("CREATE TABLE d1_migrations (id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT)"),
    ...migrations.map((_, nth) =>
      env.DB.prepare("INSERT INTO d1_migrations (name) VALUES (?)").bind(`${nth}`),
    ),
  ]);
}

beforeAll(applyAll);

describe("for anyone", () => {
  it("health asks no binding, and has the contract's fields", async () => {
    const { calls, binding } = broken();
    const none = {
      DB: binding,
      EMAIL_SERVICE_DB: binding,
      HUB_DB: binding,
      HUB_JOBS: binding,
      TELEGRAM_DB: binding,
      TELEGRAM_ACCOUNT: binding,
      MAILBOX: binding,
      ATTACHMENTS: binding,
      WEBHOOKS: binding,
      JOBS: binding,
      COMPANY_HUB: binding,
    };
    for (const token of [undefined, "wrong"]) {
      const { status, body } = await ask(none, token);
      expect({ status, body }).toEqual({
        status: 200,
        body: {
          ...{ status: "healthy", service: "email_service", timestamp: expect.any(Number) },
          parts: { tokens: OK, provider_key: OK, webhook_secret: OK, mailboxes: OK, hub: OK, telegram: OK },
        },
      });
    }
    expect(calls.count).toBe(0);
  });

  it.each([
    ["tokens", { JWT_SECRET: "", JWT_JWKS_URL: "" }, "Set JWT_SECRET or JWT_JWKS_URL"],
    ["provider_key", { NYLAS_API_KEY: "" }, "Set NYLAS_API_KEY"],
    ["webhook_secret", { NYLAS_WEBHOOK_SECRET: "" }, "Set NYLAS_WEBHOOK_SECRET"],
  ])("the part %s is down without its secret, and says which", async (name, changes, detail) => {
    const { status, body } = await ask(changes);
    expect(body.parts[name]).toEqual({ status: "down", detail: expect.stringContaining(detail) });
    expect([status, body.status]).toEqual([200, "healthy"]);
  });

  it("UzbekHub is degraded when its mails need mailboxes that are not deployed", async () => {
    const HUB_SMTP_URL = "smtps://user:word@smtp.hub.example";
    expect((await ask({ HUB_SMTP_URL })).body.parts.hub).toEqual(OK);
    const { status, body } = await ask({ HUB_SMTP_URL, MAILBOX: undefined });
    expect([status, body.parts.hub]).toEqual([
      ...[200, { status: "degraded", detail: expect.stringContaining("HUB_SMTP_URL") }],
    ]);
  });

  it("has no more without METRICS_TOKEN, whatever is sent", async () => {
    expect((await ask({ METRICS_TOKEN: "" }, TOKEN)).body.parts).not.toHaveProperty("database");
  });
});

describe("for the operator", () => {
  it("all parts work", async () => {
    const { status, body } = await ask({}, TOKEN);
    expect({ status, parts: body.parts }).toEqual({
      status: 200,
      parts: {
        ...{ tokens: OK, provider_key: OK, webhook_secret: OK, mailboxes: OK, hub: OK, telegram: OK },
        ...{
          database: OK,
          bucket: OK,
          queues: OK,
          provider: OK,
          email_service_database: OK,
          hub_database: OK,
          telegram_database: OK,
        },
      },
    });
  });

  it.each([
    ["database", "DB", "D1 does not answer"],
    ["bucket", "ATTACHMENTS", "R2 does not answer"],
    ["queues", "JOBS", "The queues do not answer"],
  ])("it is 503 when the %s is out of reach", async (name, binding, detail) => {
    const { status, body } = await ask({ [binding]: broken().binding }, TOKEN);
    expect([status, body.status, body.detail]).toEqual([503, "unhealthy", "A part is down"]);
    expect(body.parts[name]).toEqual({ status: "down", detail });
    expect(JSON.stringify(body)).not.toContain("out of reach");
  });

  it("a queue that is late is degraded", async () => {
    const oldestMessageTimestamp = new Date(Date.now() - 3_600_000);
    const WEBHOOKS = { metrics: async () => ({ oldestMessageTimestamp }) };
    const { status, body } = await ask({ WEBHOOKS }, TOKEN);
    expect([status, body.parts.queues?.status]).toEqual([200, "degraded"]);
  });

  it("Telegram auto-mailing is degraded while its script lacks something, or does not answer", async () => {
    const telegram = async (changes: object) => {
      const { status, body } = await ask(changes, TOKEN);
      return [status, body.parts.telegram];
    };
    const reason = "Set TELEGRAM_API_ID";
    const unset = { getByName: () => ({ ready: async () => ({ ok: false, code: "unavailable", reason }) }) };
    expect(await telegram({ TELEGRAM_ACCOUNT: unset })).toEqual([
      200,
      { status: "degraded", detail: reason },
    ]);
    const detail = expect.stringContaining("xabar-telegram does not answer");
    expect(await telegram({ TELEGRAM_ACCOUNT: broken().binding })).toEqual([
      200,
      { status: "degraded", detail },
    ]);
    const without = expect.stringContaining("Deployed without xabar-telegram");
    expect(await telegram({ TELEGRAM_ACCOUNT: undefined })).toEqual([
      ...[200, { status: "degraded", detail: without }],
    ]);
    const terms = expect.stringContaining("TELEGRAM_TERMS_ACCEPTED=yes");
    expect(await telegram({ TELEGRAM_TERMS_ACCEPTED: "", TELEGRAM_ACCOUNT: broken().binding })).toEqual([
      ...[200, { status: "degraded", detail: terms }],
    ]);
  });

  it("a provider that does not answer is degraded, and one that refuses the key is down", async () => {
    const silent = await ask({ NYLAS_API_URI: "https://nowhere.test" }, TOKEN);
    expect([silent.status, silent.body.parts.provider?.status]).toEqual([200, "degraded"]);
    const refused = await ask({ NYLAS_API_KEY: "wrong" }, TOKEN);
    expect([refused.status, refused.body.parts.provider?.status]).toEqual([503, "down"]);
  });

  it("a part that hangs is down after some seconds", async () => {
    const ATTACHMENTS = { head: () => new Promise(() => {}) };
    expect((await ask({ ATTACHMENTS }, TOKEN)).body.parts.bucket?.status).toBe("down");
  });

  it("missing migrations are named", async () => {
    await env.DB.prepare("DELETE FROM d1_migrations WHERE id > ?")
      .bind(migrations.length - 2)
      .run();
    const { status, body } = await ask({}, TOKEN);
    expect([status, body.parts.database]).toEqual([
      200,
      { status: "degraded", detail: expect.stringMatching(/^2 migrations are missing: npx wrangler d1/) },
    ]);
  });

  it("asking again within ten seconds costs nothing", async () => {
    let heads = 0;
    const ATTACHMENTS = { head: async () => void heads++ };
    const on = { ...env, ATTACHMENTS } as unknown as Env;
    const first = await ask({}, TOKEN, on);
    for (let n = 0; n < 5; n++) expect((await ask({}, TOKEN, on)).body.parts).toEqual(first.body.parts);
    expect(heads).toBe(1);
  });
});
