import { env, exports } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import { hmacHex } from "../src/lib/hmac.ts";
import { type Answered, type Client, createClient, signToken, unique } from "./support/client.ts";

/** A tenth of what wrangler.toml says (test/node/rate-limits.test.ts): reached within a minute also by a slow machine. */
const LIMIT = env.TEST_RATE_LIMIT;
/** At a time. */
const BATCH = 10;

/**
 * Sends the cheapest request until the limit is reached. The limit counts by clock minutes, so it may take two of
 * them, and more requests than the limit.
 * @returns the number of answered requests, and the refusal
 */
async function exhaust(client: Client): Promise<{ answered: number; refusal: Answered<unknown> }> {
  for (let answered = 0; answered < 2 * LIMIT + BATCH; ) {
    const answers = await Promise.all(
      Array.from({ length: BATCH }, () => client.call("GET", "/no/such/path")),
    );
    answered += answers.filter(({ status }) => status === 404).length;
    const refusal = answers.find(({ status }) => status === 429);
    if (refusal) return { answered, refusal };
  }
  throw new Error("The limit was never reached");
}

describe("a user over the limit", () => {
  it("is refused after the limit's number of requests, with Retry-After", async () => {
    const client = await createClient();
    const { answered, refusal } = await exhaust(client);
    expect(answered).toBeGreaterThanOrEqual(LIMIT);
    expect(refusal.body).toEqual({ detail: expect.stringMatching(/^Too many requests/) });
    expect(Object.keys(refusal.body as object)).toEqual(["detail"]);
    expect(Number(refusal.headers.get("retry-after"))).toBeGreaterThan(0);
    expect(refusal.headers.get("ratelimit-policy")).toBe(`"user";q=${LIMIT};w=60`);
    expect(refusal.headers.get("ratelimit")).toBe('"user";r=0');
    expect(refusal.headers.get("x-request-id")).toBeTruthy();

    // Another token of the same user counts as the same user. A colleague does not.
    const second = { ...client.claims, role: "agent", companies: [1] };
    const others = await Promise.all([signToken(second), signToken({ ...client.claims, user_id: unique() })]);
    const [same, colleague] = await Promise.all(
      others.map((token) =>
        exports.default.fetch("https://xabar.test/accounts", {
          headers: { authorization: `Bearer ${token}` },
        }),
      ),
    );
    expect(colleague?.status).toBe(200);
    // Unless a new clock minute has just started, which resets the count.
    if ((await client.call("GET", "/accounts")).status === 429) expect(same?.status).toBe(429);

    const stream = await exports.default.fetch(`https://xabar.test/sse/events?token=${client.token}`);
    expect(stream.status).toBe(200);
    await stream.body?.cancel();
  });
});

describe("the user limit does not count", () => {
  it("webhooks", async () => {
    const body = JSON.stringify({ id: "x", type: "unknown.type", data: { object: {} } });
    const headers = { "x-nylas-signature": await hmacHex(env.NYLAS_WEBHOOK_SECRET, body) };
    for (let sent = 0; sent < LIMIT + BATCH; sent += BATCH) {
      const answers = await Promise.all(
        Array.from({ length: BATCH }, () =>
          exports.default.fetch("https://xabar.test/webhooks/nylas", { method: "POST", headers, body }),
        ),
      );
      expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]));
    }
  });

  it("requests without a token", async () => {
    for (let sent = 0; sent < LIMIT + BATCH; sent += BATCH) {
      const answers = await Promise.all(Array.from({ length: BATCH }, () => ask("/accounts", "192.0.2.1")));
      expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([401]));
    }
  });

  it("streams with a valid token, even if their address is over its limit", async () => {
    const address = "192.0.2.2";
    await exhaustAddress("/health", address);
    const { token } = await createClient();
    const stream = await ask(`/sse/events?token=${token}`, address);
    expect(stream.status).toBe(200);
    await stream.body?.cancel();
  });
});

const ask = (path: string, address: string): Promise<Response> =>
  exports.default.fetch(`https://xabar.test${path}`, { headers: { "cf-connecting-ip": address } });

/** @returns the statuses before the first 429, and the 429 response */
async function exhaustAddress(
  path: string,
  address: string,
): Promise<{ before: Set<number>; refusal: Response }> {
  const before = new Set<number>();
  for (let sent = 0; sent < 2 * LIMIT + BATCH; sent += BATCH) {
    const answers = await Promise.all(Array.from({ length: BATCH }, () => ask(path, address)));
    const refusal = answers.find(({ status }) => status === 429);
    for (const { status } of answers) if (status !== 429) before.add(status);
    if (refusal) return { before, refusal };
  }
  throw new Error("The limit was never reached");
}

describe("an address over the limit of open routes", () => {
  it.each([
    ["/health", 200],
    ["/webhooks/nylas?challenge=x", 200],
    ["/sse/events", 401],
    ["/sse/events?token=garbage", 401],
    [`/sse/events?ticket=${"0".repeat(64)}`, 401],
    ["/files/attachments/1/none", 403],
  ])("is refused at %s, which is %i otherwise, and other addresses are not", async (path, status) => {
    const address = `2001:db8::${unique().toString(16)}`;
    const { before, refusal } = await exhaustAddress(path, address);
    expect(before).toEqual(new Set([status]));
    const detail = "Too many requests: the limit per address and minute is reached; try again in a minute";
    expect(await refusal.json()).toEqual({ detail });
    expect(refusal.headers.get("retry-after")).toBe("60");
    expect(refusal.headers.get("ratelimit-policy")).toBe(`"address";q=${LIMIT};w=60`);
    expect(refusal.headers.get("ratelimit")).toBe('"address";r=0');
    expect((await ask(path, `${address}:1`)).status).toBe(status);
  });
});
