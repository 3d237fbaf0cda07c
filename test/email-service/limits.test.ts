import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { describe, expect, it, vi } from "vitest";
import { app } from "../../src/email-service/routes.ts";
import type { RateWindow } from "../../src/index.ts";
import { cuid } from "../../src/lib/cuid.ts";
import { accountInput, type EmailClient, emailClient } from "../support/email-client.ts";
import { silenceLog } from "../support/log-check.ts";

const stateOf = (headers: Headers) => ({
  limit: Number(headers.get("x-ratelimit-limit")),
  remaining: Number(headers.get("x-ratelimit-remaining")),
  reset: Number(headers.get("x-ratelimit-reset")),
});

const windowOf = ({ claims }: EmailClient) =>
  env.RATE_WINDOW.getByName(`${claims.tenant_id}/${claims.user_id}`);

/** Fills a window, so that a few requests are left. */
const leave = (client: EmailClient, name: string, limit: number, left: number) =>
  runInDurableObject(windowOf(client) as never, async (window: RateWindow) => {
    for (let n = left; n < limit; n++) await window.take(name, limit);
  });

/** The contract's `x-rate-limits`. */
const CASES: [
  name: string,
  limit: number,
  ask: (client: EmailClient) => Promise<{ status: number; headers: Headers; body: { error: string } }>,
][] = [
  ["accounts.list", 100, (client) => client.call("GET", "/api/accounts")],
  ["accounts.create", 10, (client) => client.call("POST", "/api/accounts", accountInput({ port: 0 }))],
  ["sync", 5, (client) => client.call("POST", `/api/sync/${cuid()}`)],
  ["send", 10, (client) => client.call("POST", "/api/compose/send", {})],
  ["other", 50, (client) => client.call("GET", `/api/${cuid()}/folders`)],
];

describe.each(CASES)("the limit %s of %i a minute", (name, limit, ask) => {
  it("is told with every answer, also with errors, and ends with 429", async () => {
    const client = await emailClient();
    const first = await ask(client);
    const { reset, ...state } = stateOf(first.headers);
    expect(state).toEqual({ limit, remaining: limit - 1 });
    expect(reset).toBeGreaterThan(Date.now());
    expect(reset).toBeLessThanOrEqual(Date.now() + 60_000);
    await leave(client, name, limit, 2);
    expect(stateOf((await ask(client)).headers)).toEqual({ limit, remaining: 0, reset });
    const refused = await ask(client);
    expect([refused.status, refused.body.error]).toEqual([429, "Rate limit exceeded"]);
    expect(stateOf(refused.headers)).toEqual({ limit, remaining: 0, reset });
    const seconds = Number(refused.headers.get("retry-after"));
    expect(refused.body).toMatchObject({ message: `Too many requests - try again in ${seconds} seconds` });
    expect(seconds).toBeLessThanOrEqual(60);
  });
});

it("windows do not share their counts, nor do users, nor tenants with the same user id", async () => {
  const client = await emailClient();
  await leave(client, "sync", 5, 0);
  expect((await client.call("POST", `/api/sync/${cuid()}`)).status).toBe(429);
  expect((await client.call("GET", "/api/accounts")).status).toBe(200);
  const colleague = await emailClient({ tenant_id: client.claims.tenant_id });
  const namesake = await emailClient({ user_id: client.claims.user_id });
  for (const other of [colleague, namesake])
    expect((await other.call("POST", `/api/sync/${cuid()}`)).status).toBe(404);
});

it("of 120 requests at once exactly 100 pass, and each is told another number", async () => {
  const client = await emailClient();
  const answers = await Promise.all(
    Array.from({ length: 120 }, () => client.call("GET", "/api/accounts?limit=1")),
  );
  const passed = answers.filter(({ status }) => status === 200);
  expect(passed).toHaveLength(100);
  const remaining = passed.map(({ headers }) => stateOf(headers).remaining).sort((a, b) => a - b);
  expect(remaining).toEqual(Array.from({ length: 100 }, (_, n) => n));
  expect(answers.filter(({ status }) => status === 429)).toHaveLength(20);
});

it("a window begins again a minute after its first request", async () => {
  const client = await emailClient();
  const name = `${client.claims.tenant_id}/${client.claims.user_id}`;
  await runInDurableObject(windowOf(client) as never, async (window: RateWindow) => {
    const now = Date.now();
    vi.setSystemTime(now);
    expect(await window.take("sync", 1), name).toEqual({
      isAllowed: true,
      remaining: 0,
      reset: now + 60_000,
    });
    vi.setSystemTime(now + 59_999);
    expect(await window.take("sync", 1)).toEqual({ isAllowed: false, remaining: 0, reset: now + 60_000 });
    vi.setSystemTime(now + 60_000);
    expect(await window.take("sync", 1)).toEqual({ isAllowed: true, remaining: 0, reset: now + 120_000 });
    vi.useRealTimers();
  });
});

it("a request costs one call and one row, and a refused one writes nothing", async () => {
  const client = await emailClient();
  await runInDurableObject(windowOf(client) as never, async (window: RateWindow, { storage }) => {
    await window.take("send", 10);
    const spy = vi.spyOn(storage.sql, "exec");
    for (let n = 0; n < 11; n++) await window.take("send", 10);
    const written = spy.mock.results.map(({ value }) => value.rowsWritten as number);
    expect(written.filter((rows) => rows > 0)).toEqual(Array(9).fill(1));
    vi.restoreAllMocks();
  });
});

it("a request passes without the headers when it cannot be counted", async () => {
  silenceLog();
  const client = await emailClient();
  const RATE_WINDOW = { getByName: () => ({ take: () => Promise.reject(new Error("overloaded")) }) };
  const headers = { authorization: `Bearer ${client.token}` };
  const request = new Request("https://xabar.test/api/accounts", { headers });
  const execution = { waitUntil: () => {}, passThroughOnException: () => {}, props: {} } as never;
  const response = await app.fetch(request, { ...env, RATE_WINDOW } as never, execution);
  expect([response.status, response.headers.has("x-ratelimit-limit")]).toEqual([200, false]);
});
