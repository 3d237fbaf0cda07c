import { env, exports } from "cloudflare:workers";
import fc from "fast-check";
import { Hono } from "hono";
import { afterEach, beforeAll, describe, expect, it, vi } from "vitest";
import type { AccountResponse } from "../../src/ems/accounts/responses.ts";
import { answersOf } from "../../src/ems/answers.ts";
import { createContext, type EmsEnv } from "../../src/ems/context.ts";
import type { MessageResponse } from "../../src/ems/messages/responses.ts";
import { idempotent } from "../../src/ems/middleware.ts";
import { claimKey, keepAnswer } from "../../src/platform/idempotency/store.ts";
import { type Answered, type Client, connectMailbox, createClient, unique } from "../support/client.ts";
import { cron } from "../support/lifetime.ts";
import { breakRoute, control, createGrant, mendRoutes, storedMail } from "../support/nylas.ts";
import { waitFor } from "../support/wait.ts";

const RUNNING = { detail: "A request with this Idempotency-Key is still being answered" };
const OTHER = { detail: "This Idempotency-Key was used for another request" };
const MINUTE = 60;
const HOUR = 60 * MINUTE;

let client: Client;
let box: AccountResponse & { grant_id: string };

beforeAll(async () => {
  client = await createClient();
  box = await connectMailbox(client);
});
afterEach(async () => {
  vi.restoreAllMocks();
  await mendRoutes();
});

const newKey = () => `key-${unique()}`;

// biome-ignore lint/suspicious/noExplicitAny: a test says what it expects of the body
const post = <T = any>(by: Client, path: string, body: unknown, key: string) =>
  by.call<T>("POST", path, body, { "idempotency-key": key });

/** As above, without reading the response. */
const ask = (by: Client, path: string, body: unknown, key: string): Promise<Response> =>
  exports.default.fetch(`https://xabar.test${path}`, {
    method: "POST",
    headers: {
      authorization: `Bearer ${by.token}`,
      "content-type": "application/json",
      "idempotency-key": key,
    },
    body: JSON.stringify(body),
  });

const mail = (fields: object = {}) => ({
  email_account_id: box.id,
  to: [{ email: "john@customer.example" }],
  subject: `Mail ${unique()}`,
  body_html: "<p>Thanks!</p>",
  ...fields,
});

const sentWith = async (subject: string) =>
  (await storedMail(box.grant_id)).filter((stored) => stored.subject === subject).length;

/** A mailbox without a grant. Creating it again is also 201, with the same id. */
const mailbox = (by = client) => ({
  company_id: by.claims.companies[0],
  email_address: `box${unique()}@demo.example`,
});

const rowOf = (key: string, by = client) =>
  env.DB.prepare("SELECT * FROM ems_idempotency_keys WHERE user_id = ? AND key = ?")
    .bind(by.claims.user_id, key)
    .first<{ status: number | null; body: string | null; body_key: string | null; created_at: number }>();

const age = (key: string, seconds: number, set = "") =>
  env.DB.prepare(
    `UPDATE ems_idempotency_keys SET created_at = created_at - ? ${set} WHERE user_id = ? AND key = ?`,
  )
    .bind(seconds, client.claims.user_id, key)
    .run();

/** The row that a crashed Worker leaves. */
const AS_DEAD = ", status = NULL, body = NULL";

const isReplayed = ({ headers }: { headers: Headers }) => headers.get("idempotent-replayed") === "true";

describe("a malformed key is 400, and nothing is sent", () => {
  it.each([
    ["nothing", ""],
    ["nothing in quotes", '""'],
    ["256 characters", "x".repeat(256)],
    ["256 characters in quotes", `"${"x".repeat(256)}"`],
    ["a space", "a b"],
    ["a space in quotes", '"a b"'],
    ["a tab", "a\tb"],
    ["a letter that is not ASCII", "clé"],
    ["quotes that do not end", '"abc'],
    ["a quote in quotes", '"a"b"'],
    ["parameters", '"abc";a=1'],
    ["two keys", '"a", "b"'],
  ])("%s", async (_, key) => {
    const request = mail();
    const { status, body } = await post(client, "/messages/send", request, key);
    expect({ status, body }).toEqual({
      status: 400,
      body: { detail: "idempotency-key: must be 1 to 255 visible ASCII characters" },
    });
    expect(await sentWith(request.subject)).toBe(0);
  });
});

describe("a reused key is 422", () => {
  it("with another body, another path or another query", async () => {
    const [key, request] = [newKey(), mail()];
    const { body: sent } = await post(client, "/messages/send", request, key);
    const others: [string, object][] = [
      ["/messages/send", { ...request, body_html: "<p>Thanks?</p>" }],
      [`/messages/${sent.id}/reply`, request],
      ["/messages/send?x=1", request],
      ["/accounts", mailbox()],
    ];
    for (const [path, body] of others) {
      expect(await post(client, path, body, key), path).toMatchObject({ status: 422, body: OTHER });
    }
    expect(await sentWith(request.subject)).toBe(1);
  });

  it("with a token that lost the company, which sees none of the response", async () => {
    const [key, request] = [newKey(), mail()];
    await post(client, "/messages/send", request, key);
    const { user_id } = client.claims;
    for (const companies of [[], [unique()], [...client.claims.companies, unique()]]) {
      const changed = await createClient({ user_id, companies });
      const { status, body } = await post(changed, "/messages/send", request, key);
      expect({ status, body }).toEqual({ status: 422, body: OTHER });
    }
  });

  it("after the first request crashed, which may have had its effect", async () => {
    const key = newKey();
    await post(client, "/accounts", mailbox(), key);
    await age(key, 10 * MINUTE, AS_DEAD);
    expect(await post(client, "/accounts", mailbox(), key)).toMatchObject({ status: 422, body: OTHER });
  });

  it("but not for another order of the token's companies", async () => {
    const [a, b] = [unique(), unique()];
    const [key, request] = [newKey(), { ...mailbox(), company_id: a }];
    const first = await createClient({ companies: [a, b] });
    await post(first, "/accounts", request, key);
    const second = await createClient({ user_id: first.claims.user_id, companies: [b, a, b] });
    expect(isReplayed(await post(second, "/accounts", request, key))).toBe(true);
  });
});

describe("while a request runs", () => {
  it("its repetition is 409, and one mail is sent", async () => {
    const route = `POST /v3/grants/${box.grant_id}/messages/send`;
    await control("POST", "/__sim/fault", { route, kind: "latency", times: 1, latencyMs: [800, 800] });
    const [key, request] = [newKey(), mail()];
    const answers = await Promise.all([1, 2].map(() => post(client, "/messages/send", request, key)));
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 409]);
    expect(answers.find(({ status }) => status === 409)?.body).toEqual(RUNNING);
    expect(isReplayed(await post(client, "/messages/send", request, key))).toBe(true);
    expect(await sentWith(request.subject)).toBe(1);
  });

  it("after 5 minutes it counts as crashed, and its repetition runs", async () => {
    const [key, request] = [newKey(), mailbox()];
    await post(client, "/accounts", request, key);
    await age(key, 4 * MINUTE, AS_DEAD);
    expect(await post(client, "/accounts", request, key)).toMatchObject({ status: 409, body: RUNNING });
    await age(key, 2 * MINUTE);
    const again = await post(client, "/accounts", request, key);
    expect([again.status, isReplayed(again)]).toEqual([201, false]);
    expect(isReplayed(await post(client, "/accounts", request, key))).toBe(true);
  });

  it("one that wrongly counted as crashed does not release its successor's key", async () => {
    const [key, email_address] = [newKey(), `box${unique()}@demo.example`];
    const grant = await createGrant(email_address);
    const route = `GET /v3/grants/${grant.id}`;
    // Long enough for all that follows, on a busy machine, too.
    await control("POST", "/__sim/fault", { route, kind: "latency", times: 1, latencyMs: [5000, 5000] });
    const request = { ...mailbox(), email_address, grant_id: grant.id };
    const slow = post(client, "/accounts", request, key);
    await waitFor(async () => expect(await rowOf(key)).toBeTruthy());
    await age(key, 10 * MINUTE);
    const successor = await post(client, "/accounts", request, key);
    expect([successor.status, (await slow).status]).toEqual([201, 400]);
    const replayed = await post(client, "/accounts", request, key);
    expect([replayed.body, isReplayed(replayed)]).toEqual([successor.body, true]);
  });

  it("nor does it store its response, in the row or in R2", async () => {
    const key = newKey();
    const context = createContext(env, { waitUntil: () => {} });
    const store = answersOf(context);
    const { user_id } = client.claims;
    const slow = await claimKey(store, user_id, key, "same");
    await age(key, 10 * MINUTE);
    const successor = await claimKey(store, user_id, key, "same");
    if ("status" in slow || "status" in successor) throw new Error("Both were to be claims");
    const answer = (length: number) => ({ status: 200, headers: {}, bytes: new ArrayBuffer(length) });
    const late = { ...slow, created_at: slow.created_at - 10 * MINUTE };
    for (const size of [10, 100_000]) {
      await keepAnswer(store, late, answer(size));
      expect(await rowOf(key)).toMatchObject({ status: null, body: null, body_key: null });
    }
    const { objects } = await env.ATTACHMENTS.list({ prefix: `idempotency/${user_id}/` });
    expect(objects).toEqual([]);
    await keepAnswer(store, successor, answer(10));
    expect(await rowOf(key)).toMatchObject({ status: 200 });
  });
});

describe("a repetition", () => {
  it("gets the first response byte for byte, with a header that marks it", async () => {
    const [key, request] = [newKey(), mail({ body_html: "<p>Раҳмат \u0000\u2028 😀</p>" })];
    const first = await ask(client, "/messages/send", request, key);
    expect([first.status, isReplayed(first)]).toEqual([200, false]);
    const bytes = await first.text();
    for (const [path, same] of [
      ["/messages/send", key],
      ["/messages/send/", key],
      ["/messages/send", `"${key}"`],
    ] as const) {
      const again = await ask(client, path, request, same);
      expect([again.status, isReplayed(again), await again.text()]).toEqual([200, true, bytes]);
      expect(again.headers.get("content-type")).toBe(first.headers.get("content-type"));
      expect(again.headers.get("x-request-id")).not.toBe(first.headers.get("x-request-id"));
    }
    expect(await sentWith(request.subject)).toBe(1);
  });

  it("of a reply sends no second one; of an account creation is 201", async () => {
    const { body: original } = await client.call("POST", "/messages/send", mail());
    const [reply, account] = [mail(), mailbox()];
    for (const [path, request, status] of [
      [`/messages/${original.id}/reply`, reply, 200],
      ["/accounts", account, 201],
    ] as const) {
      const key = newKey();
      const first = await post(client, path, request, key);
      const again = await post(client, path, request, key);
      expect([first.status, again.status, isReplayed(again)]).toEqual([status, status, true]);
      expect(again.body).toEqual(first.body);
    }
    expect(await sentWith(reply.subject)).toBe(1);
  });

  it("by another user under the same key is a separate request", async () => {
    const colleague = await createClient({ companies: client.claims.companies });
    const [key, request] = ["k".repeat(255), mail()];
    const answers = [];
    for (const user of [colleague, client, colleague, client]) {
      answers.push(await post(user, "/messages/send", request, key));
    }
    expect(answers.map(isReplayed)).toEqual([false, false, true, true]);
    const [theirs, ours, ...again] = answers.map(({ body }) => body.id);
    expect(theirs).not.toBe(ours);
    expect(again).toEqual([theirs, ours]);
    expect(await sentWith(request.subject)).toBe(2);
  });

  it("without a key is a second mail", async () => {
    const request = mail();
    for (const _ of [1, 2]) {
      const answer = await client.call("POST", "/messages/send", request);
      expect([answer.status, isReplayed(answer)]).toEqual([200, false]);
    }
    expect(await sentWith(request.subject)).toBe(2);
  });

  it("returns a large response in full from R2, until it expires", async () => {
    const [key, request] = [newKey(), mail({ body_html: `<p>${"ў".repeat(1_000_000)}</p>` })];
    const first = await ask(client, "/messages/send", request, key);
    const bytes = await first.text();
    expect(bytes).toContain(request.body_html);
    const row = await rowOf(key);
    expect(row?.body?.length).toBeLessThan(200);
    expect(row?.body_key).toMatch(new RegExp(`^idempotency/${client.claims.user_id}/[0-9a-f]{64}/\\d+$`));
    const again = await ask(client, "/messages/send", request, key);
    expect([again.status, isReplayed(again)]).toEqual([200, true]);
    expect(again.headers.get("content-type")).toBe(first.headers.get("content-type"));
    expect((await again.text()) === bytes).toBe(true);

    await age(key, 25 * HOUR);
    expect((await post(client, "/accounts", mailbox(), key)).status).toBe(201);
    expect(await rowOf(key)).toMatchObject({ status: 201, body_key: null });
    await waitFor(async () => expect(await env.ATTACHMENTS.head(row?.body_key ?? "")).toBeNull());
  });

  it("is marked for pages of other origins too", async () => {
    const [key, request] = [newKey(), mailbox()];
    const headers = { "idempotency-key": key, origin: "http://localhost:5173" };
    await client.call("POST", "/accounts", request, headers);
    const again = await client.call("POST", "/accounts", request, headers);
    expect(isReplayed(again)).toBe(true);
    expect(again.headers.get("access-control-expose-headers")).toContain("idempotent-replayed");
    expect(again.headers.get("access-control-allow-origin")).toBe(headers.origin);
  });

  it("after 24 hours runs again, and the key is free for another request", async () => {
    const [key, request] = [newKey(), mailbox()];
    await post(client, "/accounts", request, key);
    await age(key, 24 * HOUR - MINUTE);
    expect(isReplayed(await post(client, "/accounts", request, key))).toBe(true);
    await age(key, MINUTE);
    const other = mailbox();
    const answer = await post(client, "/accounts", other, key);
    expect([answer.status, isReplayed(answer)]).toEqual([201, false]);
    expect(answer.body.email_address).toBe(other.email_address);
  });
});

describe("a failed request can be retried under its key", () => {
  it("a refusal, with the request corrected", async () => {
    const [key, request] = [newKey(), mailbox()];
    for (const wrong of [
      { ...request, email_address: "nobody" },
      { ...request, company_id: unique() },
      "{",
    ]) {
      expect((await post(client, "/accounts", wrong, key)).status).toBeGreaterThanOrEqual(400);
      expect(await rowOf(key)).toBeNull();
    }
    expect((await post(client, "/accounts", request, key)).status).toBe(201);
  });

  it("a provider that did not respond", async () => {
    const email_address = `box${unique()}@demo.example`;
    const { id: grant_id } = await createGrant(email_address);
    const [key, request] = [newKey(), { ...mailbox(), email_address, grant_id }];
    await breakRoute(`GET /v3/grants/${grant_id}`, "503", 20);
    expect((await post(client, "/accounts", request, key)).status).toBe(502);
    await mendRoutes();
    const again = await post(client, "/accounts", request, key);
    expect([again.status, isReplayed(again)]).toEqual([201, false]);
  });
});

it("a response that cannot be stored is still sent, and its key stays reserved", async () => {
  const warn = vi.spyOn(console, "warn").mockImplementation(() => {});
  const key = newKey();
  await env.DB.prepare(
    `CREATE TRIGGER refuse BEFORE UPDATE ON ems_idempotency_keys WHEN NEW.status IS NOT NULL
    BEGIN SELECT RAISE(ABORT, 'no'); END`,
  ).run();
  const first = await post(client, "/accounts", mailbox(), key);
  await env.DB.prepare("DROP TRIGGER refuse").run();
  expect(first.status).toBe(201);
  expect(warn.mock.calls.join()).toContain("idempotency.not_stored");
  expect(await rowOf(key)).toMatchObject({ status: null });
});

it("cron removes only rows older than 24 hours, with their objects", async () => {
  const large = { ...mailbox(), display_name: null };
  const [old, oldLarge, young] = [newKey(), newKey(), newKey()];
  for (const key of [old, oldLarge, young]) await post(client, "/accounts", large, key);
  const objects = [oldLarge, young].map((key) => `idempotency/1/${key}`);
  for (const [at, key] of [oldLarge, young].entries()) {
    await env.ATTACHMENTS.put(objects[at] as string, "{}");
    await age(key, 0, `, body_key = '${objects[at]}'`);
  }
  for (const key of [old, oldLarge]) await age(key, 25 * HOUR);
  await age(young, 23 * HOUR);
  await cron();
  const left = await Promise.all([old, oldLarge, young].map(async (key) => (await rowOf(key)) !== null));
  expect(left).toEqual([false, false, true]);
  const heads = await Promise.all(objects.map((key) => env.ATTACHMENTS.head(key)));
  expect(heads.map((head) => head !== null)).toEqual([false, true]);
});

it("cron removes any number of expired rows", async () => {
  await env.DB.prepare(
    `WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1500)
    INSERT INTO ems_idempotency_keys (user_id, key, request_hash, created_at) SELECT -7, i, '', i FROM n`,
  ).run();
  await cron();
  const count = env.DB.prepare("SELECT count(*) FROM ems_idempotency_keys WHERE user_id = -7");
  expect(await count.first("count(*)")).toBe(0);
});

describe("a handler under the middleware", () => {
  const context = createContext(env, { waitUntil: () => {} });
  const user = { user_id: unique(), role: "admin", companies: [1], name: null, exp: 0 };
  const app = new Hono<EmsEnv>()
    .use((c, next) => {
      c.set("user", user);
      c.set("ctx", { ...context, user, origin: "https://xabar.test" });
      return next();
    })
    .post("/none", idempotent, (c) => c.body(null, 204, { location: "/there", etag: '"3"', "x-other": "1" }))
    .post("/answered", idempotent, (c) => c.json({ detail: "no" }, 404))
    .post("/file", idempotent, async (c) => {
      const length = c.req.raw.bodyUsed ? null : (await c.req.raw.arrayBuffer()).byteLength;
      return c.json({ key: c.var.idempotencyKey, length }, 202);
    });
  app.onError(() => new Response(null, { status: 422 }));
  const send = (path: string, headers: Record<string, string>, body = "") =>
    app.request(path, { method: "POST", headers, body });

  it("sees the key and an unread upload; of an upload the length counts, the boundary does not", async () => {
    const key = newKey();
    const upload = (boundary: string, body: string, named: Record<string, string>) => {
      const type = `multipart/form-data; boundary=${boundary}`;
      return send("/file", { "content-type": type, "content-length": `${body.length}`, ...named }, body);
    };
    const first = await upload("x1", "abc", { "idempotency-key": `"${key}"` });
    expect([first.status, await first.json()]).toEqual([202, { key, length: 3 }]);
    const again = await upload('"x2"', "abd", { "idempotency-key": key });
    expect([again.status, isReplayed(again), await again.json()]).toEqual([202, true, { key, length: 3 }]);
    expect((await upload("x1", "abcd", { "idempotency-key": key })).ok).toBe(false);
    expect(await (await upload("x1", "abc", {})).json()).toEqual({ key: null, length: 3 });
  });

  it("may respond without a body: etag and location are replayed, other headers are not", async () => {
    const key = { "idempotency-key": newKey() };
    for (const replayed of [false, true]) {
      const { status, headers, body } = await send("/none", key);
      expect([status, body, headers.get("location"), headers.get("etag")]).toEqual([
        204,
        null,
        "/there",
        '"3"',
      ]);
      expect([headers.get("x-other"), headers.has("idempotent-replayed")]).toEqual([
        replayed ? null : "1",
        replayed,
      ]);
    }
  });

  it("may return a refusal without throwing, which is not stored either", async () => {
    const key = { "idempotency-key": newKey() };
    for (const _ of [1, 2]) {
      const answer = await send("/answered", key);
      expect([answer.status, isReplayed(answer)]).toEqual([404, false]);
    }
  });
});

const request = fc.record({
  key: fc.nat(1),
  /** The third mail is always refused. */
  body: fc.constantFrom(0, 0, 1, 2),
  path: fc.constantFrom("/messages/send", "/messages/send/"),
  /** Delay before the request in milliseconds. The provider takes up to 20 per mail. */
  after: fc.nat(40),
});

it("in any interleaving each key sends at most once, and its response stays the same", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.array(request, { maxLength: 8 }), { maxLength: 3 }), async (waves) => {
      const route = `POST /v3/grants/${box.grant_id}/messages/send`;
      await control("POST", "/__sim/fault", { route, kind: "latency", times: 24, latencyMs: [0, 20] });
      const run = `Run ${unique()}`;
      const successes: { key: number; answer: Answered<MessageResponse> }[] = [];
      const send = async ({ key, body, path, after }: (typeof waves)[number][number]) => {
        await new Promise((resolve) => setTimeout(resolve, after));
        const wrong = body === 2 ? { to: [] } : {};
        const one = mail({ subject: `${run} ${key}`, body_html: `<p>${body}</p>`, ...wrong });
        const answer = await post<MessageResponse>(client, path, one, `${run}/${key}`.replace(" ", "/"));
        if (answer.status !== 200) return expect([400, 409, 422]).toContain(answer.status);
        expect(answer.body.body_html).toBe(one.body_html);
        successes.push({ key, answer });
      };
      for (const wave of waves) await Promise.all(wave.map(send));
      await mendRoutes();
      for (const key of [0, 1]) {
        const answers = successes.flatMap((success) => (success.key === key ? [success.answer] : []));
        const executed = Math.min(answers.length, 1);
        expect(await sentWith(`${run} ${key}`)).toBe(executed);
        expect(answers.filter((answer) => !isReplayed(answer))).toHaveLength(executed);
        expect(new Set(answers.map(({ body }) => JSON.stringify(body))).size).toBe(executed);
      }
    }),
    { numRuns: 20 },
  );
});
