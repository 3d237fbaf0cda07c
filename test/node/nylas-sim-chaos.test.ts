import { describe, expect, test } from "vitest";
import { WEBHOOK_CHAOS } from "../../dev/nylas/store/chaos-settings.ts";
import { sign } from "../../dev/nylas/webhooks/signing.ts";
import { HOOK_SECRET, startWithGrant } from "./nylas-sim-harness.ts";

/** A stand-in that has already announced its grant, so that only messages follow. */
async function start(webhooks: Record<string, number> = {}) {
  const harness = startWithGrant();
  await harness.sim.tick();
  harness.delivered.length = 0;
  harness.sim.chaos({ webhooks });
  return {
    ...harness,
    force: (webhook: string, times = 1) => harness.control("POST", "/fault", { webhook, times }),
    counts: async () => (await harness.control("GET", "/state")).body.chaos.webhooks,
    types: () => harness.delivered.map(({ json }) => json.type),
    ids: () => harness.delivered.map(({ json }) => json.id),
    objects: () => harness.delivered.map(({ json }) => json.data.object),
  };
}

describe("chaos settings of webhooks are rejected", () => {
  test.each([
    ["a probability above 1", { webhooks: { drop: 1.5 } }],
    ["an unknown kind", { webhooks: { vanish: 1 } }],
    ["a kind that belongs to routes", { webhooks: { "500": 1 } }],
    ["an unknown setting", { mail: {} }],
  ])("for %s", async (_, update) => {
    const { control } = await start();
    expect((await control("POST", "/chaos", update)).status).toBe(400);
  });

  test("when an unknown kind is forced", async () => {
    const { force } = await start();
    expect((await force("vanish")).status).toBe(400);
  });
});

describe("chaos settings", () => {
  test("are off at first, accept partial updates, and are off after DELETE", async () => {
    const { control } = await start();
    const calm = (await control("GET", "/chaos")).body;
    expect(calm).toMatchObject({ webhooks: { reorderSeconds: 30 }, api: {}, mistyped: 0 });
    await control("POST", "/chaos", { webhooks: { drop: 0.5, delay: 0.1 } });
    await control("POST", "/chaos", { webhooks: { drop: 0 }, api: { "GET /messages": { "500": 0.2 } } });
    await control("POST", "/chaos", { api: { "GET /messages": { reset: 0.1 } } });
    expect((await control("GET", "/chaos")).body).toMatchObject({
      webhooks: { drop: 0, delay: 0.1 },
      api: { "GET /messages": { "500": 0.2, reset: 0.1 } },
    });
    expect((await control("DELETE", "/chaos")).body).toEqual(calm);
  });

  test("with probability 0 do not change the ids of a seed", async () => {
    const calm = await start();
    const zero = await start({ drop: 0, duplicate: 0 });
    expect(calm.receive("one").id).toBe(zero.receive("one").id);
  });

  test("have the same effects with the same seed", async () => {
    const harm = async () => {
      const { sim, receive, types } = await start({ drop: 0.3, duplicateNewId: 0.3, transformed: 0.3 });
      for (let n = 0; n < 20; n++) receive(`mail ${n}`);
      await sim.tick();
      return types();
    };
    expect(await harm()).toEqual(await harm());
    expect(new Set(await harm()).size).toBe(2);
  });
});

describe("a notification", () => {
  test("that is dropped never arrives and is counted; the next one arrives", async () => {
    const { sim, force, receive, advance, objects, counts } = await start();
    await force("drop");
    receive("lost");
    receive("kept");
    await sim.tick();
    await advance(3600);
    expect(objects().map(({ subject }) => subject)).toEqual(["kept"]);
    expect(await counts()).toEqual({ drop: 1 });
  });

  test("that is duplicated arrives twice under one id", async () => {
    const { sim, force, receive, advance, ids, counts } = await start();
    await force("duplicate");
    receive("one");
    for (let n = 0; n < 3; n++) await sim.tick();
    await advance(3600);
    expect(ids()).toHaveLength(2);
    expect(new Set(ids()).size).toBe(1);
    expect(await counts()).toEqual({ duplicate: 1 });
  });

  test("that the provider repeats arrives under a second id", async () => {
    const { sim, force, receive, ids, objects } = await start();
    await force("duplicateNewId");
    receive("one");
    await sim.tick();
    expect(new Set(ids()).size).toBe(2);
    expect(objects()[0]).toEqual(objects()[1]);
  });

  test("that is delayed arrives between half of delaySeconds and all of it", async () => {
    const { sim, receive, advance, types } = await start({ delay: 1, delaySeconds: 100 });
    receive("one");
    await sim.tick();
    await advance(49);
    expect(types()).toEqual([]);
    await advance(51);
    expect(types()).toEqual(["message.created"]);
  });

  test("can be overtaken within reorderSeconds, and none is lost", async () => {
    const { advance, receive, objects } = await start({ reorder: 0.5, reorderSeconds: 10 });
    const subjects = Array.from({ length: 20 }, (_, n) => `mail ${n}`);
    for (const subject of subjects) receive(subject);
    for (let n = 0; n < 20; n++) await advance(0.5);
    const arrived = objects().map(({ subject }) => subject);
    expect(arrived).not.toEqual(subjects);
    expect(arrived.sort()).toEqual(subjects.sort());
  });

  test("of an update can arrive before that of the creation", async () => {
    const { sim, force, receive, advance, types, objects } = await start();
    await force("updatedBeforeCreated");
    receive("one");
    await sim.tick();
    expect(types()).toEqual(["message.updated"]);
    await advance(30);
    expect(types()).toEqual(["message.updated", "message.created"]);
    expect(objects()[0].id).toBe(objects()[1].id);
  });

  test("can have unknown fields, in the object and beside it", async () => {
    const { sim, force, receive, delivered } = await start();
    await force("unknownField");
    receive("one");
    await sim.tick();
    const { data } = delivered[0]!.json;
    expect(data).toHaveProperty("x_unknown");
    expect(data.object).toMatchObject({ subject: "one", x_unknown: expect.anything() });
  });

  test("can be followed by one of an unknown type", async () => {
    const { sim, force, receive, types } = await start();
    await force("unknownTrigger");
    receive("one");
    await sim.tick();
    expect(types()).toEqual(["message.created", "planet.aligned"]);
  });

  test("can lack every field but three", async () => {
    const { sim, force, receive, objects } = await start();
    await force("missingFields");
    const { id, grant_id } = receive("one");
    await sim.tick();
    const [object] = objects();
    expect(object).toMatchObject({ id, grant_id, object: "message" });
    expect(Object.keys(object).length).toBeLessThan(15);
  });

  test("with a bad signature is signed correctly on its retry", async () => {
    const { sim, force, receive, advance, endpoint, delivered } = await start();
    await force("badSignature");
    endpoint(() => new Response(null, { status: 503 }));
    receive("one");
    await sim.tick();
    await advance(300);
    const isSigned = delivered.map(({ signature, bytes }) => signature === sign(HOOK_SECRET, bytes));
    expect(isSigned).toEqual([false, true]);
  });
});

describe("a suffix", () => {
  test("applies to created and updated messages only, and waits for the next of those", async () => {
    const { sim, force, api, path, receive, types } = await start();
    const { id } = receive("old");
    await sim.tick();
    await force("metadata");
    await api("DELETE", `${path}/${id}?hard_delete=true`);
    await sim.tick();
    receive("new");
    await sim.tick();
    expect(types()).toEqual(["message.created", "message.deleted", "message.created.metadata"]);
  });

  test(".metadata has all headers and no content", async () => {
    const { sim, force, receive, types, objects } = await start();
    await force("metadata");
    const { headers } = receive("one");
    await sim.tick();
    expect(types()).toEqual(["message.created.metadata"]);
    expect(objects()[0].headers).toEqual(headers);
    for (const field of ["body", "snippet", "attachments"]) expect(objects()[0]).not.toHaveProperty(field);
  });

  test(".cleaned has the body without markup", async () => {
    const { sim, force, receive, types, objects } = await start();
    await force("cleaned");
    receive("one", { html: "<div><p>one</p></div>" });
    await sim.tick();
    expect(types()).toEqual(["message.created.cleaned"]);
    expect(objects()[0]).toMatchObject({ body: "one", cleaning_status: "success" });
  });

  test(".transformed has ids, selected fields and basic headers", async () => {
    const { sim, force, receive, types, objects } = await start();
    await force("transformed");
    const { id, grant_id, thread_id } = receive("one", { messageId: "<one@elsewhere.example>" });
    await sim.tick();
    expect(types()).toEqual(["message.created.transformed"]);
    expect(objects()[0]).toMatchObject({
      ...{ id, grant_id, thread_id },
      headers: [{ name: "Message-ID", value: "<one@elsewhere.example>" }],
    });
    expect(objects()[0]).not.toHaveProperty("attachments");
  });

  test("can be combined with others; .truncated comes last", async () => {
    const { sim, force, receive, types, objects } = await start();
    await force("cleaned");
    await force("transformed");
    receive("one", { html: `<p>${"x".repeat(1024 * 1024)}</p>` });
    await sim.tick();
    expect(types()).toEqual(["message.created.cleaned.transformed.truncated"]);
    expect(objects()[0]).not.toHaveProperty("body");
  });
});

test("all kinds at once lose no message, except by drop", async () => {
  const each = Object.fromEntries(WEBHOOK_CHAOS.map((kind) => [kind, 0.2]));
  const { sim, receive, advance, objects, counts } = await start({ ...each, drop: 0 });
  const sent = Array.from({ length: 60 }, (_, n) => receive(`mail ${n}`).id);
  sim.chaos();
  for (let n = 0; n < 5; n++) await advance(300);
  const told = new Set(objects().map(({ id }) => id));
  expect(sent.filter((id) => !told.has(id))).toEqual([]);
  expect(Object.keys(await counts()).sort()).toEqual(WEBHOOK_CHAOS.filter((kind) => kind !== "drop").sort());
});
