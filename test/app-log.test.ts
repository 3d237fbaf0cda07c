import { createExecutionContext } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { app as front } from "../src/app.ts";
import { ServiceError } from "../src/lib/errors.ts";
import { createApp, STATUS_OF } from "../src/platform/app.ts";

// Wrangler writes NODE_ENV into the bundle. Tests run the sources, so here it can be set.
declare const process: { env: Record<string, string | undefined> };

let now = 0;
/** Advances the clock, as a request that waits for something does. */
const pass = (ms: number) => {
  now += ms;
};

const app = createApp<{ Bindings: Env }>({
  toAnswer: ({ code, message }) => ({ status: STATUS_OF[code], body: { detail: message } }),
  corsOrigins: () => [],
  exposeHeaders: [],
})
  .get("/quick", (c) => c.text("quick"))
  .get("/waits/:ms", (c) => {
    pass(Number(c.req.param("ms")));
    return c.text("waited");
  })
  .get("/fails", () => {
    throw new Error("broken");
  })
  .get("/is/:code", (c) => {
    throw new ServiceError(c.req.param("code") as "forbidden", "no");
  })
  .get("/stream", (c) => {
    const wait = (controller: ReadableStreamDefaultController) => {
      pass(60_000);
      controller.enqueue(new TextEncoder().encode("event"));
      controller.close();
    };
    // Nothing is pulled before the client reads.
    const body = new ReadableStream({ pull: wait }, { highWaterMark: 0 });
    return c.body(body);
  });

const LEVELS = ["info", "warn", "error"] as const;
/** All lines. */
let lines: () => Record<string, unknown>[];

beforeEach(() => {
  vi.spyOn(Date, "now").mockImplementation(() => now);
  const spies = LEVELS.map((level) => vi.spyOn(console, level).mockImplementation(() => {}));
  lines = () => spies.flatMap(({ mock }) => mock.calls.map(([line]) => JSON.parse(line)));
});
afterEach(() => {
  vi.restoreAllMocks();
  process.env.NODE_ENV = "test";
});

/** Sends a request to a Worker with this LOG_SAMPLE. */
async function ask(path: string, sample: number | string = ""): Promise<Response> {
  const bindings = { ...env, LOG_SAMPLE: sample } as Env;
  const response = await app.request(path, { headers: { "x-request-id": "this-one" } }, bindings);
  await response.text();
  return response;
}

describe("without a sample, the log has a request", () => {
  const line = { event: "request", id: "this-one", method: "GET", rows_read: 0, rows_written: 0 };
  const thrown = (name: string, message: string) => ({ name, message, stack: expect.any(Array) });

  it.each([
    ["/fails", { level: "error", route: "/fails", status: 500, ms: 0, error: thrown("Error", "broken") }],
    [
      "/is/unavailable",
      { level: "warn", route: "/is/:code", status: 503, ms: 0, error: thrown("Error", "no") },
    ],
    ["/waits/501", { level: "info", route: "/waits/:ms", status: 200, ms: 501 }],
  ])("to %s, which failed or was slow, without a rate", async (path, fields) => {
    await ask(path, 0);
    expect(lines()).toEqual([{ ...line, ...fields }]);
  });

  it.each([
    ["/quick", 200],
    ["/waits/500", 200],
    ["/stream", 200],
    ["/is/unauthenticated", 401],
    ["/is/forbidden", 403],
    ["/is/rate_limited", 429],
    ["/none", 404],
  ])("not to %s", async (path, status) => {
    expect((await ask(path, 0)).status).toBe(status);
    expect(lines()).toEqual([]);
  });
});

describe("a sampled line", () => {
  it.each([1, 0.25, "0.25"])("says its rate, which LOG_SAMPLE sets, here %j", async (sample) => {
    vi.spyOn(Math, "random").mockReturnValue(0.2);
    await ask("/is/forbidden", sample);
    const rest = { method: "GET", route: "/is/:code", status: 403, ms: 0, rows_read: 0, rows_written: 0 };
    expect(lines()).toEqual([
      { level: "info", event: "request", id: "this-one", ...rest, sample: Number(sample) },
    ]);
  });

  it("is one of fifty requests when deployed, unless LOG_SAMPLE is set", async () => {
    process.env.NODE_ENV = "production";
    const random = vi.spyOn(Math, "random");
    for (const drawn of Array.from({ length: 100 }, (_, nth) => nth / 100)) {
      random.mockReturnValue(drawn);
      await ask("/quick");
    }
    // The others say that the secrets of tests are refused.
    const requests = lines().filter(({ event }) => event === "request");
    expect(requests).toEqual(Array(2).fill(expect.objectContaining({ route: "/quick", sample: 0.02 })));
  });

  it("is every request in local development", async () => {
    for (let nth = 0; nth < 100; nth++) await ask("/quick");
    expect(lines()).toEqual(Array(100).fill(expect.objectContaining({ route: "/quick", sample: 1 })));
  });

  it("of a stream has the time until its headers, however long it lasts", async () => {
    await ask("/stream", 1);
    expect(lines()).toEqual([expect.objectContaining({ ms: 0, sample: 1 })]);
    expect(now).toBeGreaterThanOrEqual(60_000);
  });
});

it.each(["2", "-0.1", "all", 1.5])(
  "LOG_SAMPLE may not be %j: every request fails, and the log says why",
  async (sample) => {
    const error = vi.spyOn(console, "error").mockImplementation(() => {});
    const bindings = { ...env, LOG_SAMPLE: sample } as Env;
    const response = await front.fetch(
      new Request("https://xabar.test/inbox"),
      bindings,
      createExecutionContext(),
    );
    expect(response.status).toBe(500);
    expect(JSON.stringify(error.mock.calls)).toContain("LOG_SAMPLE");
  },
);
