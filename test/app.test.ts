import { createExecutionContext, waitOnExecutionContext } from "cloudflare:test";
import { env, exports } from "cloudflare:workers";
import { afterEach, describe, expect, it, vi } from "vitest";
import { app } from "../src/app.ts";
import { createClient } from "./support/client.ts";

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
const LOCAL = "http://localhost:5173";

const ask = (path: string, init: RequestInit = {}): Promise<Response> =>
  exports.default.fetch(new Request(`https://xabar.test${path}`, init));

/** One request for each kind of response. */
async function everyKindOfAnswer(headers: Record<string, string> = {}): Promise<Map<string, Response>> {
  const { token } = await createClient({ role: "agent" });
  const authorized = { ...headers, authorization: `Bearer ${token}` };
  const json = { ...authorized, "content-type": "application/json" };
  const account = JSON.stringify({ company_id: 0, email_address: "a@demo.example" });
  const requests: [string, string, RequestInit][] = [
    ["200", "/accounts", { headers: authorized }],
    ["200 of a public route", "/health", { headers }],
    ["200 of a stream", `/sse/events?token=${token}`, { headers }],
    ["200 in plain text", "/webhooks/nylas?challenge=x", { headers }],
    ["204", "/accounts", { method: "OPTIONS", headers }],
    ["400", "/inbox?page=0", { headers: authorized }],
    ["400 of a body", "/accounts", { method: "POST", headers: json, body: "{" }],
    ["401", "/inbox", { headers }],
    ["401 of the webhook", "/webhooks/nylas", { method: "POST", headers, body: "{}" }],
    ["403", "/accounts", { method: "POST", headers: json, body: account }],
    ["403 of a role", "/companies/1", { method: "PUT", headers: json, body: "{}" }],
    ["404", `/threads/${crypto.randomUUID()}`, { headers: authorized }],
    ["404 of a path", "/no/such/path", { headers: authorized }],
  ];
  const answers = new Map<string, Response>();
  for (const [name, path, init] of requests) {
    const response = await ask(path, init);
    expect(String(response.status), name).toBe(name.slice(0, 3));
    await response.body?.cancel();
    answers.set(name, response);
  }
  return answers;
}

describe("x-request-id", () => {
  it.each([
    ["300 characters", "x".repeat(300)],
    ["markup", "<script>alert(1)</script>"],
    ["a forged log line", 'x","level":"error'],
    ["spaces", "a b"],
  ])("from the caller is replaced if it has %s", async (_, hostile) => {
    const response = await ask("/health", { headers: { "x-request-id": hostile } });
    expect(response.headers.get("x-request-id")).toMatch(UUID);
  });

  it("from the caller is echoed if it is well-formed", async () => {
    for (const [name, { headers }] of await everyKindOfAnswer({ "x-request-id": "trace-42_A" })) {
      expect(headers.get("x-request-id"), name).toBe("trace-42_A");
    }
  });

  it("is on every response, and unique", async () => {
    const answers = await everyKindOfAnswer();
    const ids = [...answers.values()].map(({ headers }) => headers.get("x-request-id"));
    for (const id of ids) expect(id).toMatch(UUID);
    expect(new Set(ids).size).toBe(answers.size);
  });
});

describe("security headers", () => {
  it("are on every response", async () => {
    for (const [name, { headers, status }] of await everyKindOfAnswer()) {
      if (status === 204) continue; // only the browser reads a preflight response
      expect(headers.get("x-content-type-options"), name).toBe("nosniff");
      expect(headers.get("x-frame-options"), name).toBe("SAMEORIGIN");
      expect(headers.get("referrer-policy"), name).toBe("no-referrer");
      expect(headers.get("strict-transport-security"), name).toMatch(/max-age=\d{7,}/);
    }
  });

  it("do not reveal the Worker's software", async () => {
    for (const { headers } of (await everyKindOfAnswer()).values()) {
      expect(headers.get("x-powered-by")).toBeNull();
      expect(headers.get("server")).toBeNull();
    }
  });
});

describe("CORS", () => {
  const preflight = (origin: string, method: string, path = "/accounts") =>
    ask(path, {
      method: "OPTIONS",
      headers: {
        origin,
        "access-control-request-method": method,
        "access-control-request-headers": "authorization,content-type",
      },
    });

  it.each([
    "https://evil.example",
    "http://localhost.evil.example",
    "http://localhost:5173.evil.example",
    "http://evil.example/http://localhost",
    "http://evil.example?localhost",
    "https://notlocalhost",
    "http://127.0.0.1.evil.example",
    "http://127x0x0x1",
    "file://localhost",
    "null",
    "",
  ])("does not allow the origin %j", async (origin) => {
    for (const method of ["GET", "POST", "DELETE"]) {
      expect((await preflight(origin, method)).headers.get("access-control-allow-origin")).toBeNull();
    }
    const response = await ask("/health", { headers: { origin } });
    expect(response.headers.get("access-control-allow-origin")).toBeNull();
    expect(response.headers.get("vary")).toMatch(/\borigin\b/i);
  });

  it("adds no header for a request without an origin", async () => {
    expect((await ask("/health")).headers.get("access-control-allow-origin")).toBeNull();
  });

  it.each([LOCAL, "https://localhost", "http://localhost", "http://127.0.0.1:3000", "http://[::1]:8080"])(
    "lets a page of %s in, with its credentials",
    async (origin) => {
      const { headers } = await ask("/health", { headers: { origin } });
      expect(headers.get("access-control-allow-origin")).toBe(origin);
      expect(headers.get("access-control-allow-credentials")).toBe("true");
    },
  );

  it("allows credentials neither to a refused origin, nor when all origins are allowed", async () => {
    const headers = { origin: "https://evil.example" };
    for (const [name, answer] of await everyKindOfAnswer(headers)) {
      expect(answer.headers.get("access-control-allow-credentials"), name).toBeNull();
    }
    const all = { ...env, CORS_ORIGINS: "*" };
    const open = await app.fetch(
      new Request("https://xabar.test/health", { headers }),
      all,
      createExecutionContext(),
    );
    expect(open.headers.get("access-control-allow-origin")).toBe("*");
    expect(open.headers.get("access-control-allow-credentials")).toBeNull();
  });

  it.each(["GET", "POST", "PUT", "PATCH", "DELETE"])("a preflight for %s needs no token", async (method) => {
    for (const path of ["/accounts", "/accounts/", `/inbox/${crypto.randomUUID()}/read`, "/no/such/path"]) {
      const { status, headers } = await preflight(LOCAL, method, path);
      expect(status).toBe(204);
      expect(headers.get("access-control-allow-origin")).toBe(LOCAL);
      expect(headers.get("access-control-allow-credentials")).toBe("true");
      expect(headers.get("access-control-allow-methods")?.split(",")).toContain(method);
      const allowed = headers.get("access-control-allow-headers")?.toLowerCase().split(/, */);
      expect(allowed).toEqual(["authorization", "content-type"]);
    }
  });

  it("a page can read every response, also errors, and its request id", async () => {
    for (const [name, { headers }] of await everyKindOfAnswer({ origin: LOCAL })) {
      expect(headers.get("access-control-allow-origin"), name).toBe(LOCAL);
      expect(headers.get("access-control-allow-credentials"), name).toBe("true");
      expect(headers.get("access-control-expose-headers"), name).toMatch(/x-request-id/);
      expect(headers.get("cross-origin-resource-policy"), name).toBe("cross-origin");
    }
  });
});

describe("an unknown path", () => {
  it("is 404 with a token, for any method", async () => {
    const client = await createClient();
    for (const method of ["GET", "POST", "PUT", "PATCH", "DELETE"]) {
      const { status, body } = await client.call(method, "/no/such/path");
      expect({ status, body }).toEqual({ status: 404, body: { detail: "Not found" } });
    }
  });

  it("differs from a known path with a wrong method: that is 405 with Allow", async () => {
    const client = await createClient();
    for (const [method, path, allowed] of [
      ["DELETE", "/inbox", "GET, HEAD, PATCH"],
      ["DELETE", "/inbox/", "GET, HEAD, PATCH"],
      ["POST", "/health", "GET, HEAD"],
      ["PUT", `/accounts/${crypto.randomUUID()}`, "GET, HEAD, PATCH, DELETE"],
      ["GET", `/inbox/${crypto.randomUUID()}/read`, "PATCH"],
      ["DELETE", "/webhooks/nylas", "GET, HEAD, POST"],
      ["POST", "/files/attachments/1/none", "GET, HEAD"],
    ] as const) {
      const { status, headers, body } = await client.call(method, path);
      const detail = `${method} is not allowed here; use ${allowed}`;
      expect([status, headers.get("allow"), body], path).toEqual([405, allowed, { detail }]);
    }
    expect((await client.call("GET", "/inbox/x/y/z")).status).toBe(404);
  });

  it("may be malformed", async () => {
    const client = await createClient();
    for (const path of ["/%", "/%00", "//", "/accounts//", "/./..//etc/passwd", "/inbox/%2e%2e/accounts"]) {
      expect((await client.call("GET", path)).status, path).toBeLessThan(500);
    }
  });
});

it("a 401 names the authentication scheme", async () => {
  for (const [name, { headers, status }] of await everyKindOfAnswer()) {
    expect(headers.get("www-authenticate"), name).toBe(status === 401 ? "Bearer" : null);
  }
});

it("responses must not be stored, unless they say so themselves", async () => {
  const own: Record<string, string> = {
    "200 of a stream": "no-cache, no-transform",
    "200 in plain text": "no-store",
  };
  for (const [name, { headers }] of await everyKindOfAnswer()) {
    expect(headers.get("cache-control"), name).toBe(own[name] ?? "private, no-store");
  }
});

it("an unauthenticated request never reaches the database", async () => {
  const touched = vi.fn();
  const DB = new Proxy({} as D1Database, { get: () => touched });
  for (const path of [
    ...["/health", "/inbox", "/webhooks/nylas?challenge=x", "/sse/events", "/sse/events?token=x"],
    ...["/sse/events?ticket=x", `/sse/events?ticket=${"7".repeat(64)}`, "/files/attachments/1/none"],
  ]) {
    const context = createExecutionContext();
    const response = await app.fetch(new Request(`https://xabar.test${path}`), { ...env, DB }, context);
    await response.body?.cancel();
    await waitOnExecutionContext(context);
    expect(response.status, path).toBeLessThan(500);
    expect(touched, path).not.toHaveBeenCalled();
  }
});

it("health is public, and reveals nothing else", async () => {
  for (const path of ["/health", "/health/", "/health?x=1"]) {
    const response = await ask(path);
    expect(response.status).toBe(200);
    const body = await response.json();
    expect(body).toEqual({
      ...{ status: "healthy", service: "email_service", timestamp: expect.any(Number) },
      parts: Object.fromEntries(
        ["tokens", "provider_key", "webhook_secret", "mailboxes", "hub", "telegram"].map((name) => [
          name,
          { status: "ok" },
        ]),
      ),
    });
  }
});

describe("the log", () => {
  afterEach(() => {
    vi.restoreAllMocks();
  });

  it("never has the token of a stream or a request", async () => {
    const levels = ["debug", "log", "info", "warn", "error"] as const;
    const spies = levels.map((level) => vi.spyOn(console, level).mockImplementation(() => {}));
    const { token, call } = await createClient();
    vi.spyOn(Math, "random").mockReturnValue(0); // logs every request
    for (const path of [`/sse/events?token=${token}`, `/sse/events/?token=${token}&x=1`]) {
      const stream = await ask(path);
      expect(stream.status).toBe(200);
      await stream.body?.cancel();
    }
    await ask(`/sse/events?token=${token}x`);
    await ask(`/accounts?token=${token}`);
    await call("GET", "/accounts");
    await call("GET", "/no/such/path");
    const written = JSON.stringify(spies.flatMap((spy) => spy.mock.calls));
    expect(written).toContain("/sse/events");
    for (const part of token.split(".")) expect(written).not.toContain(part);
  });
});
