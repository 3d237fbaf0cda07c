import { createExecutionContext } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { app as front } from "../src/app.ts";
import { ServiceError } from "../src/lib/errors.ts";
import { createApp, STATUS_OF } from "../src/platform/app.ts";

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

let lines: () => Record<string, unknown>[];

beforeEach(() => {
  vi.spyOn(Date, "now").mockImplementation(() => now);
  vi.spyOn(console, "error").mockImplementation(() => {});
  vi.spyOn(console, "warn").mockImplementation(() => {});
  const info = vi.spyOn(console, "info").mockImplementation(() => {});
  lines = () => info.mock.calls.map(([line]) => JSON.parse(line));
});
afterEach(() => {
  vi.restoreAllMocks();
});

/** Sends a request to a Worker with this LOG_SAMPLE. */
async function ask(path: string, sample?: number | string): Promise<Response> {
  const bindings = sample === undefined ? env : ({ ...env, LOG_SAMPLE: sample } as Env);
  const response = await app.request(path, { headers: { "x-request-id": "this-one" } }, bindings);
  await response.text();
  return response;
}

describe("without a sample, the log has a request", () => {
  it.each([
    ["/fails", 500, 0],
    ["/is/unavailable", 503, 0],
    ["/waits/501", 200, 501],
  ])("to %s, which failed or was slow, without a rate", async (path, status, ms) => {
    await ask(path, 0);
    expect(lines()).toEqual([
      { level: "info", event: "request", id: "this-one", method: "GET", path, status, ms },
    ]);
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
    const rest = { method: "GET", path: "/is/forbidden", status: 403, ms: 0 };
    expect(lines()).toEqual([
      { level: "info", event: "request", id: "this-one", ...rest, sample: Number(sample) },
    ]);
  });

  it("is one of fifty requests, unless LOG_SAMPLE is set", async () => {
    const random = vi.spyOn(Math, "random");
    for (const drawn of Array.from({ length: 100 }, (_, nth) => nth / 100)) {
      random.mockReturnValue(drawn);
      await ask("/quick");
    }
    expect(lines()).toEqual(Array(2).fill(expect.objectContaining({ path: "/quick", sample: 0.02 })));
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
