import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { HOOK, startSim } from "./nylas-sim-harness.ts";

const MINUTE = 60;
const HOUR = 60 * MINUTE;

function answering(status: number, headers: Record<string, string> = {}) {
  return () => new Response(null, { status, headers });
}

async function verdicts({ control }: ReturnType<typeof startSim>): Promise<string[]> {
  const { body } = await control("GET", "/deliveries");
  return body.data.map(({ verdict }: { verdict: string }) => verdict);
}

describe("a retry", () => {
  test.each([201, 204, 302, 400, 401, 404, 500, 501])("%i loses the notification", async (status) => {
    const harness = startSim();
    harness.endpoint(answering(status));
    harness.sim.addGrant({ email: "team@app.example" });
    await harness.sim.tick();
    await harness.advance(HOUR);
    expect(await verdicts(harness)).toEqual(["lost"]);
  });

  test.each([408, 429, 502, 503, 504, 507])("%i leads to three attempts", async (status) => {
    const harness = startSim();
    harness.endpoint(answering(status));
    harness.sim.addGrant({ email: "team@app.example" });
    await harness.sim.tick();
    for (let minute = 0; minute < 60; minute++) await harness.advance(MINUTE);
    expect(await verdicts(harness)).toEqual(["retry", "retry", "retry"]);
    expect((await harness.control("GET", "/state")).body.pending).toEqual([]);
  });

  test("follows after 2 to 4 minutes, and the last one 10 to 20 minutes after the first attempt", async () => {
    const { sim, endpoint, advance, control } = startSim();
    endpoint(answering(503));
    sim.addGrant({ email: "team@app.example" });
    await sim.tick();
    for (let step = 0; step < 150; step++) await advance(10);
    const { data } = (await control("GET", "/deliveries")).body;
    const [first, second, third] = data.map(({ at }: { at: number }) => at / 1000);
    expect(second - first).toBeGreaterThanOrEqual(2 * MINUTE);
    expect(second - first).toBeLessThanOrEqual(4 * MINUTE + 10);
    expect(third - first).toBeGreaterThanOrEqual(10 * MINUTE);
    expect(third - first).toBeLessThanOrEqual(20 * MINUTE + 10);
  });

  test("has the same id and the next attempt number", async () => {
    const { sim, endpoint, advance, delivered } = startSim();
    endpoint(answering(503));
    sim.addGrant({ email: "team@app.example" });
    await sim.tick();
    await advance(5 * MINUTE);
    await advance(20 * MINUTE);
    expect(delivered.map(({ json }) => json.webhook_delivery_attempt)).toEqual([1, 2, 3]);
    expect(new Set(delivered.map(({ json }) => json.id)).size).toBe(1);
    expect(new Set(delivered.map(({ signature }) => signature)).size).toBe(3);
  });

  test("does not follow a 200", async () => {
    const harness = startSim();
    harness.endpoint(answering(503));
    harness.sim.addGrant({ email: "team@app.example" });
    await harness.sim.tick();
    harness.endpoint(answering(200));
    await harness.advance(5 * MINUTE);
    await harness.advance(HOUR);
    expect(await verdicts(harness)).toEqual(["retry", "delivered"]);
  });

  test("waits for the Retry-After of a 429", async () => {
    const { sim, endpoint, advance, delivered } = startSim();
    endpoint(answering(429, { "retry-after": "30" }));
    sim.addGrant({ email: "team@app.example" });
    await sim.tick();
    await advance(29);
    expect(delivered).toHaveLength(1);
    await advance(1);
    expect(delivered).toHaveLength(2);
  });

  test("follows a network error", async () => {
    const harness = startSim();
    harness.endpoint(() => Promise.reject(new Error("connection reset")));
    harness.sim.addGrant({ email: "team@app.example" });
    await harness.sim.tick();
    const { data } = (await harness.control("GET", "/deliveries")).body;
    expect(data).toMatchObject([{ status: null, verdict: "retry", error: "Error: connection reset" }]);
  });

  test("goes to every webhook of the trigger, even to one that has answered 200", async () => {
    const other = "https://other.example/hook";
    const webhooks = [HOOK, other].map((url) => ({ url, secret: "a" }));
    const { sim, endpoint, advance, delivered } = startSim({ webhooks });
    endpoint((request) => new Response(null, { status: request.url === HOOK ? 503 : 200 }));
    sim.addGrant({ email: "team@app.example" });
    await sim.tick();
    await advance(5 * MINUTE);
    expect(delivered.map(({ url }) => url)).toEqual([HOOK, other, HOOK, other]);
  });
});

describe("an attempt without a response within ten seconds", () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  test("fails and is retried", async () => {
    const harness = startSim();
    let aborted = false;
    harness.endpoint((request) => {
      request.signal.addEventListener("abort", () => {
        aborted = true;
      });
      return new Promise(() => {});
    });
    harness.sim.addGrant({ email: "team@app.example" });
    const ticked = harness.sim.tick();
    await vi.advanceTimersByTimeAsync(9_999);
    expect(await verdicts(harness)).toEqual([]);
    await vi.advanceTimersByTimeAsync(1);
    await ticked;
    expect(await verdicts(harness)).toEqual(["retry"]);
    expect(aborted).toBe(true);
  });
});

describe("a tick", () => {
  test("concurrent with another delivers nothing twice, and waits for its attempts", async () => {
    const { sim, endpoint, delivered } = startSim();
    const held = Promise.withResolvers<Response>();
    endpoint(() => held.promise);
    sim.addGrant({ email: "team@app.example" });
    const ticks = [sim.tick(), sim.tick(), sim.tick()];
    let over = 0;
    for (const tick of ticks) tick.then(() => over++);
    await new Promise((resolve) => setTimeout(resolve, 5));
    expect({ over, delivered: delivered.length }).toEqual({ over: 0, delivered: 1 });
    held.resolve(new Response());
    await Promise.all(ticks);
    expect(delivered).toHaveLength(1);
  });

  test("delivers at most 64 notifications at a time", async () => {
    const { sim, endpoint, delivered } = startSim();
    let underWay = 0;
    let most = 0;
    endpoint(async () => {
      most = Math.max(most, ++underWay);
      await new Promise((resolve) => setTimeout(resolve, 1));
      underWay--;
      return new Response();
    });
    for (let n = 0; n < 200; n++) sim.addGrant({ email: `user${n}@app.example` });
    await sim.tick();
    expect(delivered).toHaveLength(200);
    expect(most).toBe(64);
  });
});

describe("the status of a webhook", () => {
  function failing() {
    const harness = startSim();
    harness.endpoint(answering(500));
    let sent = 0;
    const attemptEvery = async (seconds: number, forSeconds: number) => {
      for (let spent = 0; spent < forSeconds; spent += seconds) {
        harness.sim.addGrant({ email: `user${sent++}@app.example` });
        await harness.advance(seconds);
      }
    };
    const status = async () => (await harness.api("GET", "/v3/webhooks")).body.data[0].status;
    return { ...harness, attemptEvery, status };
  }

  test("stays active during a short outage", async () => {
    const { attemptEvery, status } = failing();
    await attemptEvery(MINUTE, 14 * MINUTE);
    expect(await status()).toBe("active");
  });

  test("is failing after 15 bad minutes, and active again after recovery", async () => {
    const { attemptEvery, status, endpoint, delivered } = failing();
    await attemptEvery(MINUTE, 17 * MINUTE);
    expect(await status()).toBe("failing");
    const before = delivered.length;
    endpoint(answering(200));
    await attemptEvery(MINUTE, 2 * MINUTE);
    expect(delivered.length).toBe(before + 2);
    expect(await status()).toBe("active");
  });

  test("stays failing while there are too few attempts", async () => {
    const { attemptEvery, status } = failing();
    await attemptEvery(MINUTE, 17 * MINUTE);
    await attemptEvery(HOUR, 3 * HOUR);
    expect(await status()).toBe("failing");
  });

  test("is failed after 72 bad hours: nothing is delivered, or replayed after reactivation", async () => {
    const { sim, attemptEvery, status, endpoint, delivered, api } = failing();
    await attemptEvery(5 * MINUTE, 73 * HOUR);
    expect(await status()).toBe("failed");
    const before = delivered.length;
    await attemptEvery(MINUTE, 5 * MINUTE);
    expect(delivered.length).toBe(before);

    endpoint((request) => new Response(new URL(request.url).searchParams.get("challenge")));
    const { id } = (await api("GET", "/v3/webhooks")).body.data[0];
    expect((await api("PUT", `/v3/webhooks/${id}`, { status: "active" })).status).toBe(200);
    await sim.tick();
    expect(delivered.length).toBe(before);
    await attemptEvery(MINUTE, MINUTE);
    expect(delivered.length).toBe(before + 1);
  });
});
