import { describe, expect, test } from "vitest";
import { sign } from "../../dev/nylas/webhooks/signing.ts";
import { HOOK, HOOK_SECRET, startSim } from "./nylas-sim-harness.ts";

const mail = {
  from: { email: "aziza@elsewhere.example", name: "Aziza" },
  to: [{ email: "team@app.example" }],
  subject: "Salom",
  html: "<p>Salom <b>dunyo</b></p>",
};

describe("a signature", () => {
  // Published by Nylas: nylas-java, WebhookRequestValidatorTest.
  const secret = "UfZWFrkjsbg5bxLbax-y";
  const body = new TextEncoder().encode(
    '{"specversion":"1.0","type":"grant.deleted","source":"/nylas/system","id":"Kkx2QQB7TWjWM3KXRQQn562394","time":1717162394,"webhook_delivery_attempt":1,"data":{"application_id":"a7966b5a-9bc2-44b7-9895-4e2b281ce6be","object":{"code":25013,"grant_id":"4c22c3c5-d163-48b6-ad95-45fedc879683","integration_id":"b7dd6e6e-af6a-463b-92fa-be35c2683f5c","metric":1934,"provider":"google"}}}',
  );

  test("differs for an altered body", () => {
    expect(sign(secret, body)).not.toBe("a4534f7e68dcd54f0621f7539ddd5a0d14a9a46ace9b68a4cfd9c99b4b6b89ca");
    expect(sign(secret, body.with(0, 0))).not.toBe(sign(secret, body));
  });

  test("matches the published vector", () => {
    expect(sign(secret, body)).toBe("a4534f7e68dcd54f0621f7539ddd5a0d14a9a46ace9b68a4cfd9c99b4b6b89cc");
  });

  test("covers the compressed bytes of a compressed delivery", async () => {
    const { sim, delivered } = startSim({
      webhooks: [{ url: HOOK, secret: HOOK_SECRET, compressed: true }],
    });
    sim.addGrant({ email: "team@app.example" });
    await sim.tick();
    expect(delivered[0]).toMatchObject({ encoding: "gzip", json: { type: "grant.created" } });
    expect(delivered[0]!.signature).toBe(sign(HOOK_SECRET, delivered[0]!.bytes));
  });
});

describe("a notification", () => {
  test("of a message has an envelope and the message, without headers", async () => {
    const { sim, delivered } = startSim();
    const grant = sim.addGrant({ email: "team@app.example" });
    const [stored] = sim.inbound({ ...mail, attachments: [png()] });
    await sim.tick();

    const { json, signature, bytes } = delivered[1]!;
    expect(json).toMatchObject({
      specversion: "1.0",
      type: "message.created",
      source: "/google/emails/realtime",
      id: expect.stringMatching(/^[A-Za-z0-9]{26}$/),
      time: Date.UTC(2026, 2, 1) / 1000,
      webhook_delivery_attempt: 1,
      data: { application_id: expect.stringMatching(/^[0-9a-f-]{36}$/) },
    });
    expect(json.data.object).toMatchObject({
      object: "message",
      id: stored!.id,
      grant_id: grant.id,
      thread_id: stored!.thread_id,
      folders: ["INBOX"],
      unread: true,
      snippet: "Salom dunyo",
      attachments: [{ filename: "dot.png", content_type: "image/png", size: 3, is_inline: false }],
    });
    for (const field of ["headers", "in_reply_to", "created_at", "sequence"]) {
      expect(json.data.object).not.toHaveProperty(field);
    }
    expect(signature).toBe(sign(HOOK_SECRET, bytes));
  });

  test("of more than 1 MB loses the body and gets the suffix .truncated", async () => {
    const { sim, delivered } = startSim();
    sim.addGrant({ email: "team@app.example" });
    sim.inbound({ ...mail, html: "x".repeat(1024 * 1024), attachments: [png()] });
    await sim.tick();
    expect(delivered[1]!.json.type).toBe("message.created.truncated");
    expect(delivered[1]!.json.data.object).not.toHaveProperty("body");
    expect(delivered[1]!.json.data.object.attachments).toHaveLength(1);
  });

  test("of a deletion has only the ids", async () => {
    const { sim, api, delivered } = startSim();
    const grant = sim.addGrant({ email: "team@app.example" });
    const [stored] = sim.inbound({ ...mail, silent: true });
    await api("DELETE", `/v3/grants/${grant.id}/messages/${stored!.id}?hard_delete=true`);
    await sim.tick();
    expect(delivered.at(-1)!.json).toMatchObject({ type: "message.deleted" });
    expect(delivered.at(-1)!.json.data.object).toEqual({
      id: stored!.id,
      grant_id: grant.id,
      object: "message",
    });
  });

  test("is not sent for a silent message", async () => {
    const { sim, delivered } = startSim({
      webhooks: [{ url: HOOK, secret: "s", triggers: ["message.created"] }],
    });
    sim.addGrant({ email: "team@app.example" });
    sim.inbound({ ...mail, silent: true });
    await sim.tick();
    expect(delivered).toEqual([]);
  });

  test("of a send is message.updated in the share `sentAsUpdated`", async () => {
    for (const [sentAsUpdated, type] of [
      [0, "message.created"],
      [1, "message.updated"],
    ] as const) {
      const { sim, api, delivered } = startSim({ sentAsUpdated });
      const grant = sim.addGrant({ email: "team@app.example" });
      await api("POST", `/v3/grants/${grant.id}/messages/send`, { to: [{ email: "x@elsewhere.example" }] });
      await sim.tick();
      expect(delivered.at(-1)!.json).toMatchObject({ type, data: { object: { folders: ["SENT"] } } });
    }
  });

  test("of any type can be emitted, with fields beside the object", async () => {
    const { sim, control, delivered } = startSim();
    const data = { grant_id: "g", reason: "rejected" };
    await control("POST", "/emit", { type: "message.send_failed", object: { id: "m" }, data });
    await control("POST", "/emit", { type: "planet.aligned", object: {} });
    await sim.tick();
    expect(delivered.map(({ json }) => json.type)).toEqual(["message.send_failed", "planet.aligned"]);
    expect(delivered[0]!.json.data).toMatchObject({ ...data, object: { id: "m" } });
  });

  test("does not reach a webhook that is created later", async () => {
    const { sim, api, delivered, endpoint } = startSim({ webhooks: [] });
    endpoint(echoChallenge);
    sim.addGrant({ email: "team@app.example" });
    await api("POST", "/v3/webhooks", { trigger_types: ["grant.created"], webhook_url: HOOK });
    await sim.tick();
    expect(delivered).toEqual([]);
  });
});

describe("a webhook", () => {
  const settings = { trigger_types: ["message.created"], webhook_url: HOOK };

  test.each([
    ["answers 404", () => new Response("no", { status: 404 }), "status is not ok, got 404"],
    ["quotes the challenge", (r: Request) => Response.json(challengeOf(r)), "not the response body"],
    [
      "answers chunked",
      (r: Request) => new Response(challengeOf(r), { headers: { "transfer-encoding": "chunked" } }),
      "chunked",
    ],
    ["does not answer", () => Promise.reject(new Error("connection refused")), "connection refused"],
  ])("is not created when its endpoint %s", async (_, answer, message) => {
    const { api, endpoint } = startSim({ webhooks: [] });
    endpoint(answer);
    const created = await api("POST", "/v3/webhooks", settings);
    expect(created.status).toBe(400);
    expect(created.body.error.type).toBe("70005");
    expect(created.body.error.message).toContain(message);
    expect((await api("GET", "/v3/webhooks")).body.data).toEqual([]);
  });

  test.each([
    ["plain http elsewhere", { ...settings, webhook_url: "http://app.example/hook" }],
    ["an unknown trigger", { ...settings, trigger_types: ["planet.aligned"] }],
    ["a URL that has a webhook", settings],
  ])("is not created for %s", async (_, refused) => {
    const { api, endpoint } = startSim();
    endpoint(echoChallenge);
    const { status, body } = await api("POST", "/v3/webhooks", refused);
    expect({ status, type: body.error.type }).toEqual({ status: 400, type: "70001" });
  });

  test("is created after the challenge; only create and rotate show the secret", async () => {
    const { sim, api, endpoint, delivered } = startSim({ webhooks: [] });
    endpoint(echoChallenge);
    const created = await api("POST", "/v3/webhooks", { ...settings, trigger_types: ["grant.created"] });
    const { id, webhook_secret } = created.body.data;
    expect(webhook_secret).toMatch(/^[\w-]{20}$/);
    expect((await api("GET", `/v3/webhooks/${id}`)).body.data).not.toHaveProperty("webhook_secret");

    const rotated = (await api("POST", `/v3/webhooks/rotate-secret/${id}`)).body.data.webhook_secret;
    expect(rotated).not.toBe(webhook_secret);
    sim.addGrant({ email: "team@app.example" });
    await sim.tick();
    expect(delivered[0]!.signature).toBe(sign(rotated, delivered[0]!.bytes));
  });

  test("that is paused gets nothing, and a new challenge on reactivation", async () => {
    const { sim, api, endpoint, delivered } = startSim();
    const { id } = (await api("GET", "/v3/webhooks")).body.data[0];
    await api("PUT", `/v3/webhooks/${id}`, { status: "inactive" });
    sim.addGrant({ email: "team@app.example" });
    await sim.tick();
    expect(delivered).toEqual([]);

    expect((await api("PUT", `/v3/webhooks/${id}`, { status: "active" })).status).toBe(400);
    endpoint(echoChallenge);
    expect((await api("PUT", `/v3/webhooks/${id}`, { status: "active" })).body.data.status).toBe("active");
    await sim.tick();
    expect(delivered).toEqual([]);
  });
});

function challengeOf(request: Request): string | null {
  return new URL(request.url).searchParams.get("challenge");
}

function echoChallenge(request: Request): Response {
  return new Response(challengeOf(request));
}

function png() {
  return { filename: "dot.png", contentType: "image/png", content: new Uint8Array([1, 2, 3]) };
}
