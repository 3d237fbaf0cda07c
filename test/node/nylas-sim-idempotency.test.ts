import { describe, expect, test } from "vitest";
import { multipart, startWithGrant } from "./nylas-sim-harness.ts";

const to = [{ email: "x@elsewhere.example" }];

describe("an Idempotency-Key", () => {
  test("of more than 256 characters is rejected", async () => {
    const { send } = startWithGrant();
    const { status, body } = await send({ to }, "k".repeat(257));
    expect({ status, type: body.error.type }).toEqual({ status: 400, type: "api.invalid_idempotency_key" });
  });

  test("with a different payload is a conflict", async () => {
    const { send, sentCount } = startWithGrant();
    await send({ to, subject: "one" }, "k");
    const { status, body } = await send({ to, subject: "two" }, "k");
    expect({ status, type: body.error.type }).toEqual({
      status: 409,
      type: "api.invalid_idempotent_request",
    });
    expect(await sentCount()).toBe(1);
  });

  test("whose send is in progress is a conflict; afterwards the response is replayed", async () => {
    const { send, fault, control, sentCount } = startWithGrant();
    await fault("hang");
    const first = send({ to }, "k");
    await new Promise((resolve) => setTimeout(resolve, 5));
    const { status, body } = await send({ to }, "k");
    expect({ status, type: body.error.type }).toEqual({
      status: 409,
      type: "api.concurrent_idempotent_request",
    });
    await control("DELETE", "/fault");
    expect((await send({ to }, "k")).body).toEqual((await first).body);
    expect(await sentCount()).toBe(1);
  });

  test("replays the response for an hour, per grant, regardless of key order", async () => {
    const { sim, api, send, sentCount, advance } = startWithGrant();
    const first = await send({ to, subject: "one" }, "k");
    expect(first.headers.has("idempotent-response")).toBe(false);
    await advance(3599);
    const repeated = await send({ subject: "one", to }, "k");
    expect(repeated.body).toEqual(first.body);
    expect(repeated.headers.get("idempotent-response")).toBe("true");
    expect(await sentCount()).toBe(1);

    const other = sim.addGrant({ email: "other@app.example" });
    const elsewhere = { "idempotency-key": "k" };
    const inOther = await api(
      "POST",
      `/v3/grants/${other.id}/messages/send`,
      { to, subject: "one" },
      elsewhere,
    );
    expect(inOther.body.data.id).not.toBe(first.body.data.id);

    await advance(1);
    expect((await send({ to, subject: "one" }, "k")).body.data.id).not.toBe(first.body.data.id);
    expect(await sentCount()).toBe(2);
  });

  test("compares multipart bodies by their parts, not by their boundary", async () => {
    const { send, sentCount } = startWithGrant();
    const form = (text: string) =>
      multipart({ to }, { file0: new File([text], "a.txt", { type: "text/plain" }) });
    const first = await send(form("a"), "k");
    expect((await send(form("a"), "k")).body).toEqual(first.body);
    expect((await send(form("b"), "k")).status).toBe(409);
    expect(await sentCount()).toBe(1);
  });

  test.each<[kind: string, first: number, repeated: number, sends: number]>([
    // The key still works: Nylas has no response for it, or replays the lost one.
    ["500", 500, 200, 1],
    ["502html", 502, 200, 1],
    ["503", 503, 200, 1],
    ["504", 504, 200, 1],
    ["429", 429, 200, 1],
    ["504-after", 504, 200, 1],
    // The refusal of the provider is the response. A new attempt needs a new key.
    ["429-provider", 429, 429, 0],
  ])("with fault %s answers %i, then %i; messages sent: %i", async (kind, first, repeated, sends) => {
    const { send, fault, sentCount } = startWithGrant();
    await fault(kind);
    expect((await send({ to }, "k")).status).toBe(first);
    const again = await send({ to }, "k");
    expect(again.status).toBe(repeated);
    expect(again.headers.has("idempotent-response")).toBe(kind === "504-after" || kind === "429-provider");
    expect(await sentCount()).toBe(sends);
  });

  test("also replays the rejection of a payload", async () => {
    const { send } = startWithGrant();
    const refused = await send({ to: [] }, "k");
    const repeated = await send({ to: [] }, "k");
    expect(repeated.body).toEqual(refused.body);
    expect(repeated.headers.get("idempotent-response")).toBe("true");
  });

  test("is logged with every request, even with one that failed", async () => {
    const { send, fault, control } = startWithGrant();
    await fault("500");
    await send({ to }, "k");
    await send(multipart({ to }, { file0: new File(["a"], "a.txt") }), "m");
    const { data } = (await control("GET", "/requests")).body;
    expect(data).toMatchObject([
      { method: "POST", status: 500, body: { to }, idempotencyKey: "k" },
      { method: "POST", status: 200, body: { message: { to }, files: [{ name: "file0", size: 1 }] } },
    ]);
  });
});
