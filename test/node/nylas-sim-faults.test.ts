import { describe, expect, test } from "vitest";
import { serve } from "../../dev/nylas/server.ts";
import type { ChaosUpdate } from "../../dev/nylas/sim.ts";
import { API_KEY, AZIZA, startWithGrant, TEAM } from "./nylas-sim-harness.ts";

const to = [AZIZA];

describe("a planned fault", () => {
  test("is rejected if its kind is unknown", async () => {
    const { fault } = startWithGrant();
    expect((await fault("earthquake")).status).toBe(400);
  });

  test.each([
    ["POST /messages/send", 200],
    ["GET /v3/grants/*", 200],
    ["GET /v3/grants/{grant_id}/messages", 500],
    ["GET /v3/grants/:grant/messages", 500],
    ["/messages", 500],
  ])("on %s makes the list answer %i", async (route, status) => {
    const { api, control, path } = startWithGrant();
    await control("POST", "/fault", { route, kind: "500" });
    expect((await api("GET", path)).status).toBe(status);
  });

  test("strikes exactly as often as requested", async () => {
    const { api, control, path } = startWithGrant();
    await control("POST", "/fault", { route: "GET /messages", kind: "404-once", times: 2 });
    const statuses = [];
    for (let n = 0; n < 3; n++) statuses.push((await api("GET", path)).status);
    expect(statuses).toEqual([404, 404, 200]);
  });

  test("has no Nylas error body for 502html and 503", async () => {
    const { send, fault } = startWithGrant();
    await fault("502html");
    expect((await send({ to })).body).toContain("<html>");
    await fault("503");
    expect((await send({ to })).body).not.toHaveProperty("error");
  });

  test("sets Retry-After for 429-provider", async () => {
    const { api, control, path } = startWithGrant();
    await control("POST", "/fault", { route: "GET /messages", kind: "429-provider", retryAfter: 9 });
    const { headers, body } = await api("GET", path);
    expect(headers.get("retry-after")).toBe("9");
    expect(body.error).toMatchObject({ type: "rate_limit_error", provider_error: { error: { code: 429 } } });
  });

  test("hang-body sends the headers at once and the body after the faults are cleared", async () => {
    const { sim, path, fault, control, sentCount } = startWithGrant();
    await fault("hang-body");
    const init = {
      method: "POST",
      headers: { authorization: "Bearer api-key" },
      body: JSON.stringify({ to }),
    };
    const response = await sim.fetch(new Request(`http://nylas${path}/send`, init));
    expect(response.status).toBe(200);
    const body = response.json();
    const silence = new Promise((resolve) => setTimeout(() => resolve("silence"), 10));
    expect(await Promise.race([body, silence])).toBe("silence");
    await control("DELETE", "/fault");
    expect(await body).toMatchObject({ data: { folders: ["SENT"] } });
    expect(await sentCount()).toBe(1);
  });

  test("hang ends with an error on reset, and nothing is sent", async () => {
    const { fault, send, control } = startWithGrant();
    await fault("hang");
    const hanging = send({ to });
    await new Promise((resolve) => setTimeout(resolve, 5));
    await control("POST", "/reset");
    expect((await hanging).status).toBe(500);
    expect((await control("GET", "/state")).body.messages).toEqual({});
  });

  test("hang ends when the client disconnects, and nothing is sent", async () => {
    const { sim, path, fault, send, sentCount } = startWithGrant();
    await fault("hang");
    const client = new AbortController();
    const headers = { authorization: "Bearer api-key", "idempotency-key": "k" };
    const init = { method: "POST", headers, body: JSON.stringify({ to }), signal: client.signal };
    const hanging = sim.fetch(new Request(`http://nylas${path}/send`, init));
    await new Promise((resolve) => setTimeout(resolve, 5));
    client.abort();
    await hanging;
    expect(await sentCount()).toBe(0);
    expect((await send({ to }, "k")).status).toBe(200);
  });
});

const LIST = "GET /v3/grants/*/messages";
const SEND = "POST /messages/send";

function start(update: ChaosUpdate = {}) {
  const harness = startWithGrant();
  harness.sim.chaos(update);
  const { api, path, control } = harness;
  return {
    ...harness,
    statuses: async (times: number) => {
      const statuses = [];
      for (let n = 0; n < times; n++) statuses.push((await api("GET", path)).status);
      return statuses;
    },
    counts: async () => (await control("GET", "/state")).body.chaos.api,
  };
}

async function timed(call: () => Promise<unknown>): Promise<number> {
  const start = performance.now();
  await call();
  return performance.now() - start;
}

describe("chaos settings of routes are rejected", () => {
  test.each([
    ["a probability below 0", { [LIST]: { "500": -1 } }],
    ["an unknown kind", { [LIST]: { earthquake: 1 } }],
    ["a latency with one bound", { [LIST]: { latencyMs: [5] } }],
  ])("for %s", async (_, api) => {
    const { control } = start();
    expect((await control("POST", "/chaos", { api })).status).toBe(400);
  });
});

describe("a random fault of a route", () => {
  test("strikes about the requested share of requests, is counted by kind, and spares other routes", async () => {
    const { api, grant, statuses, counts } = start({ api: { [LIST]: { "500": 0.25, "503": 0.25 } } });
    const answers = await statuses(100);
    const failed = answers.filter((status) => status !== 200);
    expect(failed.length).toBeGreaterThan(25);
    expect(failed.length).toBeLessThan(65);
    expect(await counts()).toEqual({
      "500": failed.filter((status) => status === 500).length,
      "503": failed.filter((status) => status === 503).length,
    });
    for (let n = 0; n < 20; n++) expect((await api("GET", `/v3/grants/${grant.id}`)).status).toBe(200);
  });

  test("stops when chaos ends, even in the middle of a burst", async () => {
    const { sim, statuses } = start({ api: { [LIST]: { "401-burst": 1 } } });
    expect(await statuses(1)).toEqual([401]);
    sim.chaos();
    expect(await statuses(3)).toEqual([200, 200, 200]);
  });

  test("401-burst answers 401 several times, then stops", async () => {
    const { control, statuses } = start();
    await control("POST", "/fault", { route: LIST, kind: "401-burst" });
    const answers = await statuses(10);
    const refused = answers.lastIndexOf(401) + 1;
    expect(refused).toBeGreaterThanOrEqual(3);
    expect(refused).toBeLessThanOrEqual(6);
    expect(answers.slice(0, refused).every((status) => status === 401)).toBe(true);
    expect(answers.slice(refused).every((status) => status === 200)).toBe(true);
  });

  test("404-once hides a message once, and only if it was just announced", async () => {
    const { api, path, receive, advance } = start({ api: { "GET /messages/*": { "404-once": 1 } } });
    const old = receive("old");
    await advance(61);
    const { id } = receive("new");
    expect((await api("GET", `${path}/${old.id}`)).status).toBe(200);
    const answers = [await api("GET", `${path}/${id}`), await api("GET", `${path}/${id}`)];
    expect(answers.map(({ status }) => status)).toEqual([404, 200]);
  });

  test("504-after sends the message, and the same key replays the response", async () => {
    const { sim, api, path, sentCount } = start({ api: { [SEND]: { "504-after": 1 } } });
    const key = { "idempotency-key": "k" };
    expect((await api("POST", `${path}/send`, { to }, key)).status).toBe(504);
    sim.chaos();
    const again = await api("POST", `${path}/send`, { to }, key);
    expect([again.status, again.headers.get("idempotent-response")]).toEqual([200, "true"]);
    expect(await sentCount()).toBe(1);
  });

  test.each([
    ["reset", 0],
    ["reset-after", 1],
  ])("%s drops the connection, with %i messages sent", async (kind, sent) => {
    const { send, fault, sentCount, control } = start();
    await fault(kind);
    await expect(send({ to })).rejects.toThrow("connection reset");
    expect(await sentCount()).toBe(sent);
    const [entry] = (await control("GET", "/requests")).body.data;
    expect(entry).toMatchObject({ method: "POST", status: null });
  });

  test("latency delays the response within its bounds", async () => {
    const latency = { latency: 1, latencyMs: [20, 30] as [number, number] };
    const { api, path, counts } = start({ api: { [LIST]: latency } });
    const ms = await timed(() => api("GET", path));
    expect(ms).toBeGreaterThanOrEqual(19);
    expect(await counts()).toEqual({ latency: 1 });
  });

  test("latency of a list defaults to that of Nylas", async () => {
    const { api, path } = start({ api: { [LIST]: { latency: 1 } } });
    expect(await timed(() => api("GET", path))).toBeGreaterThanOrEqual(79);
  });

  test("hang ends after hangMs", async () => {
    const { send, sentCount } = start({ api: { [SEND]: { hang: 1, hangMs: 10 } } });
    expect((await send({ to })).status).toBe(200);
    expect(await sentCount()).toBe(1);
  });

  test("hang ends when chaos ends", async () => {
    const { sim, send } = start({ api: { [SEND]: { hang: 1 } } });
    const hanging = send({ to });
    await new Promise((resolve) => setTimeout(resolve, 5));
    sim.chaos();
    expect((await hanging).status).toBe(200);
  });

  test("cut-body, hang-body and slow-body damage the body", async () => {
    const { sim, path, control } = start();
    const list = async (kind: string, more = {}) => {
      await control("POST", "/fault", { route: LIST, kind, ...more });
      const headers = { authorization: `Bearer ${API_KEY}` };
      return sim.fetch(new Request(`http://nylas${path}`, { headers }));
    };
    await expect((await list("cut-body")).text()).rejects.toThrow("connection reset");
    expect(await (await list("hang-body", { hangMs: 5 })).json()).toMatchObject({ data: [] });
    const slow = await list("slow-body", { slowMs: 20 });
    const ms = await timed(async () => expect(await slow.json()).toMatchObject({ data: [] }));
    expect(ms).toBeGreaterThan(15);
  });

  test("cut-body and slow-body damage a download, and keep its Content-Length", async () => {
    const { sim, control, receive, grant } = start();
    const attachments = [{ filename: "a", contentType: "text/plain", content: new Uint8Array(1000) }];
    const mail = receive("one", { attachments });
    const file = `/v3/grants/${grant.id}/attachments/${mail.attachments[0]!.id}/download`;
    const download = async (kind: string) => {
      await control("POST", "/fault", { route: "/download", kind, slowMs: 20 });
      const headers = { authorization: `Bearer ${API_KEY}` };
      return sim.fetch(new Request(`http://nylas${file}?message_id=${mail.id}`, { headers }));
    };
    const cut = await download("cut-body");
    expect(cut.headers.get("content-length")).toBe("1000");
    expect((await cut.body!.getReader().read()).value).toHaveLength(500);
    const slow = await download("slow-body");
    const ms = await timed(async () => expect(await slow.arrayBuffer()).toHaveProperty("byteLength", 1000));
    expect(ms).toBeGreaterThan(15);
  });

  test("short-page makes short pages that together list every message once", async () => {
    const { api, path, receive } = start({ api: { [LIST]: { "short-page": 1 } } });
    for (let n = 0; n < 7; n++) receive(`mail ${n}`);
    const sizes: number[] = [];
    let cursor: string | undefined;
    do {
      const { body } = await api("GET", `${path}?limit=4${cursor ? `&page_token=${cursor}` : ""}`);
      sizes.push(body.data.length);
      cursor = body.next_cursor;
    } while (cursor);
    expect(sizes).toEqual([2, 2, 2, 1]);
  });
});

describe("messages with a field of the wrong type", () => {
  test("keep their information, and are correct again after the chaos", async () => {
    const { sim, api, control, path } = start({ mistyped: 1 });
    const attachments = [{ filename: "a", contentType: "text/plain", content: new Uint8Array(4) }];
    for (let n = 0; n < 20; n++) sim.inbound({ from: AZIZA, to: [TEAM], subject: "x", attachments });
    const page = () => api("GET", `${path}?fields=include_basic_headers`);
    const odd: Record<string, unknown>[] = (await page()).body.data;
    await control("DELETE", "/chaos");
    const plain: Record<string, unknown>[] = (await page()).body.data;
    expect(plain.flatMap(Object.keys).sort()).toEqual(odd.flatMap(Object.keys).sort());
    const changed = (field: string) =>
      odd.some((one, at) => JSON.stringify(one[field]) !== JSON.stringify(plain[at]?.[field]));
    expect(["id", "thread_id", "subject", "body"].filter(changed)).toEqual([]);
    expect(
      ["date", "from", "to", "folders", "headers", "attachments"].filter(changed).length,
    ).toBeGreaterThan(2);
    for (const { from } of odd) expect([from].flat()).toEqual([AZIZA]);
  });
});

describe("over the network", () => {
  test("reset and cut-body fail one request each, and no later one", async () => {
    const { sim, control, path } = start();
    const served = await serve(sim, { port: 0 });
    const list = () => {
      const headers = { authorization: `Bearer ${API_KEY}` };
      return fetch(`http://127.0.0.1:${served.port}${path}`, { headers });
    };
    await control("POST", "/fault", { route: LIST, kind: "reset" });
    await expect(list()).rejects.toThrow("fetch failed");
    await control("POST", "/fault", { route: LIST, kind: "cut-body" });
    const cut = await list();
    expect(cut.status).toBe(200);
    await expect(cut.json()).rejects.toThrow();
    expect((await list()).status).toBe(200);
    await served.close();
  });
});
