import { gunzipSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import type { PulledRequest } from "../../dev/nylas/pull.ts";
import { createPullMount } from "../../dev/nylas/pull.ts";
import { serve } from "../../dev/nylas/server.ts";
import { createNylasSim } from "../../dev/nylas/sim.ts";
import { sign } from "../../dev/nylas/webhooks/signing.ts";
import { API_KEY, CONTROL_TOKEN, HOOK, HOOK_SECRET } from "./nylas-sim-harness.ts";

describe("the pull mount", () => {
  function start() {
    let time = 0;
    const mount = createPullMount({
      apiKey: API_KEY,
      controlToken: CONTROL_TOKEN,
      now: () => time,
      webhooks: [{ url: HOOK, secret: HOOK_SECRET, compressed: true }],
    });
    const call = async (method: string, path: string, body?: unknown, token = CONTROL_TOKEN) => {
      const init: RequestInit = { method, headers: { authorization: `Bearer ${token}` } };
      if (body !== undefined) init.body = JSON.stringify(body);
      const response = await mount.fetch(new Request(`https://api.us.nylas.com${path}`, init));
      return { status: response.status, body: await response.json() };
    };
    return {
      call,
      pull: async (query = ""): Promise<PulledRequest[]> => (await call("GET", `/__pull${query}`)).body,
      settle: (id: string, answer: object) => call("POST", `/__pull/${id}`, answer),
      addGrant: () => call("POST", "/__sim/grants", { email: "team@app.example" }),
      pass: (seconds: number) => {
        time += seconds * 1000;
      },
    };
  }

  test("needs the control token", async () => {
    const { call } = start();
    expect((await call("GET", "/__pull", undefined, API_KEY)).status).toBe(401);
    const closed = createPullMount({ apiKey: API_KEY });
    const headers = { authorization: `Bearer ${API_KEY}` };
    expect((await closed.fetch(new Request("http://nylas/__pull", { headers }))).status).toBe(404);
  });

  test("hands out a signed webhook once, and accepts the response", async () => {
    const { pull, settle, addGrant, call } = start();
    expect(await pull()).toEqual([]);
    await addGrant();
    const [request] = await pull();
    expect(await pull()).toEqual([]);
    expect(request).toMatchObject({ method: "POST", url: HOOK });
    const body = Buffer.from(request!.body, "base64");
    expect(request!.headers["x-nylas-signature"]).toBe(sign(HOOK_SECRET, body));
    expect(request!.headers["content-encoding"]).toBe("gzip");
    expect(JSON.parse(gunzipSync(body).toString())).toMatchObject({ type: "grant.created" });

    expect((await settle(request!.id, { status: 200 })).status).toBe(200);
    expect((await settle(request!.id, { status: 200 })).status).toBe(404);
    expect((await call("GET", "/__sim/deliveries")).body.data).toMatchObject([{ verdict: "delivered" }]);
  });

  test("hands it out again after a 503, with the next attempt number", async () => {
    const { pull, settle, addGrant, pass } = start();
    await addGrant();
    const [first] = await pull();
    await settle(first!.id, { status: 503 });
    pass(300);
    const [second] = await pull();
    const json = JSON.parse(gunzipSync(Buffer.from(second!.body, "base64")).toString());
    expect(json.webhook_delivery_attempt).toBe(2);
  });

  test("does not deadlock when the clock is advanced or the state reset", async () => {
    const { pull, addGrant, call } = start();
    await addGrant();
    expect((await call("POST", "/__sim/advance", { seconds: 1 })).status).toBe(200);
    await call("POST", "/__sim/reset");
    expect(await pull()).toEqual([]);
  });

  test("accepts chaos settings through its control API", async () => {
    const { pull, addGrant, call } = start();
    await call("POST", "/__sim/chaos", { webhooks: { duplicateNewId: 1 } });
    await addGrant();
    expect(await pull()).toHaveLength(2);
    expect((await call("GET", "/__sim/state")).body.chaos.webhooks).toEqual({ duplicateNewId: 1 });
  });

  test("waits for a webhook up to the given time", async () => {
    const { pull, addGrant } = start();
    const pulled = pull("?wait=2000");
    await addGrant();
    expect(await pulled).toHaveLength(1);
  });

  test("hands out a challenge, and its response creates the webhook", async () => {
    const { call, pull, settle } = start();
    const settings = { trigger_types: ["message.created"], webhook_url: "https://app.example/other" };
    const created = call("POST", "/v3/webhooks", settings, API_KEY);
    const [challenge] = await pull("?wait=1000");
    expect(challenge).toMatchObject({ method: "GET", body: "" });
    const body = new URL(challenge!.url).searchParams.get("challenge");
    await settle(challenge!.id, { status: 200, headers: { "content-type": "text/plain" }, body });
    expect((await created).status).toBe(200);
  });
});

describe("the server", () => {
  test("delivers over the network without further calls, and stops when closed", async () => {
    const delivered = Promise.withResolvers<unknown>();
    const sink = await serve(
      {
        fetch: async (request) => {
          delivered.resolve(await request.json());
          return new Response();
        },
        tick: async () => {},
      },
      { port: 0 },
    );
    const url = `http://127.0.0.1:${sink.port}/hook`;
    const sim = createNylasSim({ apiKey: API_KEY, webhooks: [{ url, secret: HOOK_SECRET }] });
    const served = await serve(sim, { port: 0 });
    sim.addGrant({ email: "team@app.example" });
    expect(await delivered.promise).toMatchObject({ type: "grant.created" });
    await Promise.all([served.close(), sink.close()]);
    await expect(fetch(`http://127.0.0.1:${served.port}/`)).rejects.toThrow();
  });

  test("compresses JSON over 200 bytes if the client accepts it; the pull mount never does", async () => {
    const webhooks = [HOOK, `${HOOK}/other`].map((url) => ({ url, secret: HOOK_SECRET }));
    const options = { apiKey: API_KEY, webhooks };
    const init = { headers: { authorization: `Bearer ${API_KEY}`, "accept-encoding": "gzip" } };
    const list = new Request("http://nylas/v3/webhooks", init);
    const sim = createNylasSim(options);
    const short = createNylasSim({ apiKey: API_KEY });
    expect((await short.fetch(list.clone())).headers.has("content-encoding")).toBe(false);
    const pulled = await createPullMount(options).fetch(list.clone());
    expect((await pulled.json()).data).toHaveLength(2);
    const answer = await sim.fetch(list);
    expect(answer.headers.get("content-encoding")).toBe("gzip");
    const json = JSON.parse(gunzipSync(Buffer.from(await answer.arrayBuffer())).toString());
    expect(json.data).toHaveLength(2);

    const served = await serve(sim, { port: 0 });
    const fetched = await fetch(`http://127.0.0.1:${served.port}/v3/webhooks`, init);
    expect(fetched.headers.get("content-encoding")).toBe("gzip");
    expect((await fetched.json()).data).toHaveLength(2);
    await served.close();
  });

  test("sends the headers of a response whose body hangs", async () => {
    const sim = createNylasSim({ apiKey: API_KEY, controlToken: CONTROL_TOKEN });
    const served = await serve(sim, { port: 0 });
    const base = `http://127.0.0.1:${served.port}`;
    const control = { authorization: `Bearer ${CONTROL_TOKEN}` };
    const fault = JSON.stringify({ route: "GET /v3/webhooks", kind: "hang-body" });
    await fetch(`${base}/__sim/fault`, { method: "POST", headers: control, body: fault });
    const response = await fetch(`${base}/v3/webhooks`, { headers: { authorization: `Bearer ${API_KEY}` } });
    expect(response.status).toBe(200);
    await fetch(`${base}/__sim/fault`, { method: "DELETE", headers: control });
    expect(await response.json()).toMatchObject({ data: [] });
    await served.close();
  });
});
