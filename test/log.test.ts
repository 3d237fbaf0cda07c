import { createExecutionContext, runDurableObjectAlarm } from "cloudflare:test";
import { env, exports } from "cloudflare:workers";
import { afterEach, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { app } from "../src/app.ts";
import type { AccountResponse } from "../src/ems/accounts/responses.ts";
import { ProviderError } from "../src/ems/provider/port.ts";
import worker from "../src/index.ts";
import { ServiceError } from "../src/lib/errors.ts";
import { log } from "../src/platform/log.ts";
import { type Client, connectMailbox, createClient, unique } from "./support/client.ts";
import { hubOf } from "./support/hub.ts";
import { problemsOf } from "./support/log-check.ts";

type Line = Record<string, unknown>;

let client: Client;
let account: AccountResponse;
let lines: Line[];

beforeAll(async () => {
  client = await createClient();
  account = await connectMailbox(client);
});

beforeEach(() => {
  lines = [];
  for (const level of ["info", "warn", "error"] as const)
    vi.spyOn(console, level).mockImplementation((line: string) => void lines.push(JSON.parse(line)));
});
afterEach(() => {
  vi.restoreAllMocks();
});

const of = (event: string): Line[] => lines.filter((line) => line.event === event);

const UUID = expect.stringMatching(/^[0-9a-f-]{36}$/);

describe("a request leaves one line", () => {
  const ask = async (path: string, headers: Record<string, string> = {}, on: Env = env) => {
    const request = new Request(`https://xabar.test${path}`, { headers });
    const response =
      on === env
        ? await exports.default.fetch(request)
        : await app.fetch(request, on, createExecutionContext());
    await response.body?.cancel();
    return response;
  };
  const [user, company] = [() => client.claims.user_id, () => client.claims.companies[0]];

  it("with its id, user, company, route pattern, status, milliseconds and rows, wherever it was served", async () => {
    const id = `of-${unique()}`;
    const { status } = await client.call("GET", `/accounts/${account.id}?`, undefined, {
      "x-request-id": id,
    });
    expect(status).toBe(200);
    expect(lines.filter((line) => line.id === id)).toEqual([
      {
        ...{
          level: "info",
          event: "request",
          id,
          method: "GET",
          route: "/accounts/:account_id",
          status: 200,
        },
        ...{ user: user(), company: company(), sample: 1, ms: expect.any(Number) },
        ...{ rows_read: expect.any(Number), rows_written: 0 },
      },
    ]);
    expect(lines.find((line) => line.id === id)?.rows_read).toBeGreaterThan(0);
  });

  it("with the rows that it wrote", async () => {
    const { status } = await client.call("PATCH", `/accounts/${account.id}`, { display_name: "Support" });
    expect(status).toBe(200);
    expect(of("request")).toEqual([
      expect.objectContaining({ route: "/accounts/:account_id", method: "PATCH" }),
    ]);
    expect(of("request")[0]?.rows_written).toBeGreaterThan(0);
  });

  it("with the number of companies of a user of several", async () => {
    const companies = [...client.claims.companies, unique(), unique()];
    const several = await createClient({ companies });
    await several.call("GET", "/accounts");
    expect(of("request")).toEqual([expect.objectContaining({ companies: 3 })]);
    expect(of("request")[0]).not.toHaveProperty("company");
    expect(of("request")[0]?.rows_read).toBeGreaterThan(0);
  });

  it("when it is a stream", async () => {
    await ask(`/sse/events?token=${client.token}`);
    expect(of("request")).toEqual([
      expect.objectContaining({ route: "/sse/events", status: 200, user: user(), company: company() }),
    ]);
  });

  it("when it is a stream opened by a ticket", async () => {
    const { body } = await client.call("POST", "/sse/ticket");
    await ask(`/sse/events?ticket=${body.ticket}`);
    expect(of("request").at(-1)).toMatchObject({ route: "/sse/events", user: user(), company: company() });
    expect(JSON.stringify(lines)).not.toContain(body.ticket);
  });

  it("when it is for a file, whose path and query are a secret", async () => {
    await ask(`/files/attachments/1/${crypto.randomUUID()}?expires=1&signature=abc`);
    const [line] = of("request");
    expect(line).toMatchObject({ route: "/files/:key{[a-z]+/.+}" });
    expect(JSON.stringify(line)).not.toMatch(/attachments\/1|abc/);
  });

  it("of the route that would have answered when its token is bad, without a user", async () => {
    await ask("/inbox/unread-counts", { authorization: "Bearer x" });
    expect(of("request")).toEqual([expect.objectContaining({ route: "/inbox/unread-counts", status: 401 })]);
    expect(of("request")[0]).not.toHaveProperty("user");
  });

  it("without a route for an unknown path", async () => {
    await ask(`/secret-${unique()}`);
    expect(of("request")).toEqual([expect.objectContaining({ route: null, status: 401 })]);
  });

  it("and is answered, when its company's object is out of reach", async () => {
    const lost = Object.assign(new Error("Network connection lost."), { retryable: true });
    const hub = { get: () => ({ fetch: () => Promise.reject(lost) }), idFromName: () => null };
    const on = { ...env, STORE: "objects", COMPANY_HUB: hub } as unknown as Env;
    const response = await ask(
      "/inbox",
      { authorization: `Bearer ${client.token}`, "x-request-id": "lost" },
      on,
    );
    expect(response.status).toBe(503);
    expect(response.headers.get("retry-after")).toBe("5");
    expect(of("request")).toEqual([
      expect.objectContaining({ event: "request", id: "lost", route: "/inbox", status: 503, level: "error" }),
    ]);
  });
});

describe("other work leaves one line", () => {
  const message = (body: unknown) => ({ id: `${unique()}`, attempts: 1, body, ack() {}, retry() {} });
  const deliver = (queue: string, bodies: unknown[]) =>
    worker.queue({ queue, messages: bodies.map(message) } as never, env, createExecutionContext());

  it("a queue batch, with its size, its rows, and how many messages are done and tried again", async () => {
    const job = { type: "sweep", account_id: account.id, company_id: account.company_id, window: null };
    await deliver("xabar-jobs", [{ ...job, since: 1 }, { type: "unheard of" }]);
    expect(of("queue")).toEqual([
      {
        ...{ level: "info", event: "queue", id: UUID, queue: "xabar-jobs", size: 2, acked: 1, retried: 1 },
        ...{ company: account.company_id, ms: expect.any(Number) },
        ...{ rows_read: expect.any(Number), rows_written: expect.any(Number) },
      },
    ]);
    expect(of("queue")[0]?.rows_read).toBeGreaterThan(0);
    // The failure has a line of its own, with the id of the batch.
    expect(of("queue.failed")).toEqual([expect.objectContaining({ id: of("queue")[0]?.id, attempts: 1 })]);
  });

  it("a batch that fails as a whole, with the error", async () => {
    await expect(deliver("unknown-queue", [1])).rejects.toThrow("No module has a queue named unknown-queue");
    expect(of("queue")).toEqual([
      expect.objectContaining({ level: "error", queue: "unknown-queue", size: 1 }),
    ]);
  });

  it("a cron run", async () => {
    await worker.scheduled({} as never, env, createExecutionContext());
    expect(of("cron")).toEqual([
      {
        ...{ level: "info", event: "cron", id: UUID, ms: expect.any(Number) },
        ...{ rows_read: expect.any(Number), rows_written: expect.any(Number) },
      },
    ]);
    expect(of("cron")[0]?.rows_read).toBeGreaterThan(0);
  });

  it("an alarm of a company's object", async () => {
    const { body } = await client.call("GET", "/threads");
    expect(body.items).toEqual([]);
    await hubOf(account.company_id).announce({
      ...{ user_id: unique(), user: "Anna", thread_id: crypto.randomUUID(), state: "viewing" },
    } as never);
    await runDurableObjectAlarm(hubOf(account.company_id));
    expect(of("alarm")).toEqual([
      expect.objectContaining({ id: UUID, company: account.company_id, cron: expect.any(Boolean) }),
    ]);
  });
});

describe("an error in the log", () => {
  const written = (error: unknown): string => {
    log("error", "test.failed", { error });
    return JSON.stringify(lines.at(-1));
  };

  it("has no message of a provider, which may quote an address or a mail", () => {
    const refusal = new ProviderError("refused", "No such person: Anna", null);
    const shown = new ServiceError("provider_failed", "The mail provider failed: Anna", { cause: refusal });
    expect(written(shown)).toContain("provider: refused");
    expect(written(shown)).not.toContain("Anna");
  });

  it("has no text that could not be parsed", () => {
    let thrown: unknown;
    try {
      JSON.parse("Dear Anna");
    } catch (error) {
      thrown = error;
    }
    expect(written(thrown)).toContain("SyntaxError");
    expect(written(thrown)).not.toContain("Anna");
  });

  it("has no address and no token, whatever it says", async () => {
    const odd = ["anna@out.example", "<o'hara+x=1@out.example>", '"a b"@out.example', "анна@почта.example"];
    for (const text of [...odd, client.token, `Bearer ${client.token}`]) {
      const line = written(new Error(`Cannot use ${text} here`, { cause: { type: text } }));
      expect(line).toContain("Cannot use");
      expect(line).not.toMatch(/anna|o'hara|out\.example|почта|eyJ/);
      expect(problemsOf(line).filter((problem) => !problem.startsWith("unknown field"))).toEqual([]);
    }
  });

  it("has the whole stack, also of a package with a scope", () => {
    const error = Object.assign(new Error("x"), {
      stack: "Error: x\n    at f (/node_modules/@scope/a.js:1:2)",
    });
    expect(written(error)).toContain("/node_modules/@scope/a.js:1:2");
  });
});

describe("the check of all suites' logs", () => {
  const line = (fields: Line) => JSON.stringify({ level: "info", event: "request", ...fields });

  it.each([
    ["not a JSON object", "hello"],
    ["unknown field path", line({ path: "/inbox" })],
    ["an address", line({ error: { message: "to a@b.example" } })],
    ["a token", line({ name: "eyJhbGciOiJIUzI1NiJ9" })],
    ["a token", line({ name: env.NYLAS_API_KEY })],
    ["a ticket or signature", line({ name: "0123456789abcdef".repeat(4) })],
    ["a test's marker", line({ error: { message: `near secret${unique()}` } })],
    ["a path in place of a route", line({ route: "/messages/12" })],
  ])("finds %s", (problem, text) => {
    expect(problemsOf(text)).toContain(problem);
  });

  it("finds nothing in a good line", () => {
    expect(problemsOf(line({ id: crypto.randomUUID(), route: "/messages/:id", status: 200 }))).toEqual([]);
  });
});
