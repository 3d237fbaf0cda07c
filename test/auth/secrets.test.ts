import { createExecutionContext } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { importJWK, SignJWT } from "jose";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { app } from "../../src/app.ts";
import { config } from "../../src/ems/config.ts";
import { ownKey } from "../../src/ems/own-key.ts";
import { signToken } from "../support/client.ts";

// Wrangler writes NODE_ENV into the bundle. Tests run the sources, so here it can be set.
declare const process: { env: Record<string, string | undefined> };

/** Of .dev.vars.example. */
const PUBLIC = "local-development-secret-do-not-deploy";
const SHORT = "x".repeat(31);
const GOOD = "x".repeat(32);

/** A Worker with these secrets. Each call makes a new one, since a Worker reads its secrets once. */
const workerWith = (secrets: object): Env => ({ ...env, ...secrets });

const call = (worker: Env, path: string, headers: Record<string, string> = {}) =>
  app.fetch(new Request(`https://xabar.test${path}`, { headers }), worker, createExecutionContext());

async function companiesWith(secret: string): Promise<Response> {
  const token = await signToken({ user_id: 1, role: "member", companies: [1] }, "1h", secret);
  return call(workerWith({ JWT_SECRET: secret }), "/companies", { authorization: `Bearer ${token}` });
}

const before = process.env.NODE_ENV;
const run = (place: string | undefined) => {
  process.env.NODE_ENV = place;
};
afterEach(() => run(before));

describe.each(["production", undefined, "staging"])("outside of a developer's machine (%s)", (place) => {
  beforeEach(() => run(place));

  it.each([
    ["the public development secret", PUBLIC],
    ["31 bytes", SHORT],
  ])("a token signed with a JWT_SECRET of %s is 503, and says where to look", async (_, secret) => {
    vi.spyOn(console, "error").mockImplementation(() => {});
    const response = await companiesWith(secret);
    expect(response.status).toBe(503);
    expect(await response.json()).toEqual({ detail: "The server refuses its JWT_SECRET: see its log" });
  });

  it("32 bytes are enough, however few characters they are", async () => {
    expect((await companiesWith(GOOD)).status).toBe(200);
    expect((await companiesWith("ў".repeat(16))).status).toBe(200);
  });
});

describe("a deployed Worker with public secrets", () => {
  beforeEach(() => run("production"));
  const secrets = {
    JWT_SECRET: PUBLIC,
    NYLAS_API_KEY: "nyk_local_do-not-deploy",
    NYLAS_WEBHOOK_SECRET: "local-webhook-secret-do-not-deploy",
  };

  it("signs no link and no ticket with them", async () => {
    vi.spyOn(console, "error").mockImplementation(() => {});
    await expect(ownKey(config(workerWith(secrets)), "stream tickets")).rejects.toMatchObject({
      code: "unavailable",
    });
    const own = { ...secrets, NYLAS_API_KEY: "nyk_own" };
    const onlyOwn = { JWT_SECRET: "", NYLAS_API_KEY: "nyk_own", NYLAS_WEBHOOK_SECRET: "" };
    expect(await ownKey(config(workerWith(own)), "stream tickets")).toBe(
      await ownKey(config(workerWith(onlyOwn)), "stream tickets"),
    );
  });

  it("takes no notification that is signed with one", async () => {
    vi.spyOn(console, "error").mockImplementation(() => {});
    const request = new Request("https://xabar.test/webhooks/nylas", {
      method: "POST",
      headers: { "x-nylas-signature": "00" },
      body: "{}",
    });
    const response = await app.fetch(request, workerWith(secrets), createExecutionContext());
    expect(response.status).toBe(503);
  });

  it("names them in its log and in /health, never their values", async () => {
    const error = vi.spyOn(console, "error").mockImplementation(() => {});
    const worker = workerWith(secrets);
    const health = await (await call(worker, "/health")).text();
    await call(worker, "/companies");
    expect(JSON.parse(health).refused_secrets).toEqual(Object.keys(secrets));
    const lines = error.mock.calls.map(([line]) => JSON.parse(line));
    expect(lines.map(({ event, name }) => [event, name])).toEqual(
      Object.keys(secrets).map((name) => ["config.refused_secret", name]),
    );
    expect(JSON.stringify(lines) + health).not.toMatch(/nyk_local|local-/);
  });

  it("still takes tokens of an issuer", async () => {
    vi.spyOn(console, "error").mockImplementation(() => {});
    const claims = { user_id: 1, role: "member", companies: [1] };
    const token = await new SignJWT(claims)
      .setProtectedHeader({ alg: "ES256", kid: "test" })
      .setExpirationTime("1h")
      .sign(await importJWK(JSON.parse(env.TEST_ISSUER_KEY)));
    const headers = { authorization: `Bearer ${token}` };
    expect((await call(workerWith(secrets), "/companies", headers)).status).toBe(200);
  });
});

it("a deployed Worker with good secrets names none in /health", async () => {
  run("production");
  const health = await call(workerWith({ JWT_SECRET: GOOD }), "/health");
  expect(await health.json()).not.toHaveProperty("refused_secrets");
});

describe.each(["development", "test"])("on a developer's machine (%s)", (place) => {
  beforeEach(() => run(place));

  it.each([PUBLIC, SHORT, "x"])("a JWT_SECRET such as %s works", async (secret) => {
    expect((await companiesWith(secret)).status).toBe(200);
  });
});
