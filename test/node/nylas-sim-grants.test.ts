import { describe, expect, test } from "vitest";
import { createNylasSim } from "../../dev/nylas/sim.ts";
import { API_KEY, AZIZA, startSim, startWithGrant, TEAM } from "./nylas-sim-harness.ts";

describe("a grant", () => {
  test.each(["", "grant:", "email:"])('is found by its name with the prefix "%s"', async (prefix) => {
    const { api, grant } = startWithGrant();
    const name = prefix === "grant:" ? grant.id : encodeURIComponent(grant.email);
    expect((await api("GET", `/v3/grants/${prefix}${name}/messages`)).status).toBe(200);
  });

  test("that has expired is rejected at once, and announced within ten minutes", async () => {
    const { api, control, advance, delivered, grant, path } = startWithGrant();
    await control("POST", `/grants/${grant.id}/expire`);
    const { status, body } = await api("GET", path);
    expect({ status, code: body.error.provider_error.code }).toEqual({ status: 401, code: 401 });
    expect((await api("GET", `/v3/grants/${grant.id}`)).body.data.grant_status).toBe("invalid");
    await advance(600);
    expect(delivered.at(-1)!.json).toMatchObject({
      type: "grant.expired",
      source: "/nylas/system",
      data: { object: { code: 25009, grant_id: grant.id, email: TEAM.email } },
    });
  });

  test.each([
    [71, ["grant.updated", "message.created"]],
    [73, ["grant.updated"]],
  ])("that is re-authenticated after %i hours raises %j", async (hours, types) => {
    const { sim, control, advance, delivered, grant, receive } = startWithGrant();
    await control("POST", `/grants/${grant.id}/expire`);
    await advance(600);
    receive("meanwhile");
    await advance(hours * 3600 - 600);
    delivered.length = 0;
    await control("POST", `/grants/${grant.id}/reauth`);
    await sim.tick();
    expect(delivered.map(({ json }) => json.type)).toEqual(types);
    const object = { code: 25027, reauthentication_flag: true, grant_id: grant.id };
    expect(delivered[0]!.json.data.object).toMatchObject(object);
  });

  test.each([
    ["google", true],
    ["imap", false],
  ] as const)(
    "that is deleted gets a new id when it returns, with its messages as history (%s: same message ids: %s)",
    async (provider, isSame) => {
      const { sim, api, delivered, grant, receive } = startWithGrant({ provider });
      const content = new TextEncoder().encode("reja");
      const attachments = [{ filename: "a", contentType: "text/plain", content }];
      const one = receive("one", { attachments, messageId: "<one@elsewhere.example>" });
      receive("two", { inReplyTo: "<one@elsewhere.example>" });
      await api("DELETE", `/v3/grants/${grant.id}`);
      await sim.tick();
      expect(delivered.at(-1)!.json).toMatchObject({
        type: "grant.deleted",
        data: { object: { code: 25013 } },
      });
      expect((await api("GET", `/v3/grants/${grant.id}/messages`)).status).toBe(404);
      delivered.length = 0;

      const next = sim.addGrant({ email: TEAM.email, provider });
      expect(next.id).not.toBe(grant.id);
      const { data } = (await api("GET", `/v3/grants/${next.id}/messages`)).body;
      expect(data).toMatchObject([
        { subject: "two", thread_id: data[1].thread_id },
        { subject: "one", grant_id: next.id },
      ]);
      expect([data[1].id === one.id, data[1].thread_id === one.thread_id]).toEqual([isSame, isSame]);
      expect(data[1].attachments).toMatchObject([{ id: one.attachments[0]!.id, grant_id: next.id }]);
      const file = `/v3/grants/${next.id}/attachments/${one.attachments[0]!.id}/download`;
      expect((await api("GET", `${file}?message_id=${data[1].id}`)).body).toBe("reja");
      await sim.tick();
      expect(delivered.map(({ json }) => json.type)).toEqual(["grant.created"]);
    },
  );

  test("on IMAP raises grant.imap_sync_completed a little later", async () => {
    const { sim, advance, delivered } = startWithGrant({ provider: "imap" });
    await sim.tick();
    await advance(5);
    const types = ["grant.created", "grant.imap_sync_completed"];
    expect(delivered.map(({ json }) => json.type)).toEqual(types);
  });
});

describe("the stand-in", () => {
  test("has a control API only with a token, and rejects a wrong token", async () => {
    const sim = createNylasSim({ apiKey: API_KEY });
    const request = () =>
      new Request("http://nylas/__sim/state", { headers: { authorization: `Bearer ${API_KEY}` } });
    expect((await sim.fetch(request())).status).toBe(404);
    expect((await startSim().sim.fetch(request())).status).toBe(401);
  });

  test("draws the same ids from the same seed", () => {
    const ids = (seed: number) => {
      const { sim } = startSim({ seed });
      return [sim.addGrant(TEAM).id, sim.inbound({ from: AZIZA, to: [TEAM], subject: "x" })[0]!.id];
    };
    expect(ids(1)).toEqual(ids(1));
    expect(ids(1)).not.toEqual(ids(2));
  });

  test("resumes from a snapshot: messages, attachments, threads, secrets, keys and pending notifications", async () => {
    const before = startWithGrant();
    const content = new TextEncoder().encode("reja");
    const attachments = [{ filename: "a.txt", contentType: "text/plain", content }];
    const mail = before.receive("one", { attachments, messageId: "<one@elsewhere.example>" });
    const key = { "idempotency-key": "k" };
    const sent = await before.api("POST", `${before.path}/send`, { to: [AZIZA] }, key);

    const snapshot = JSON.parse(JSON.stringify(before.sim.snapshot()));
    const after = startSim({ snapshot, webhooks: [] });
    const download = `/v3/grants/${before.grant.id}/attachments/${mail.attachments[0]!.id}/download`;
    expect((await after.api("GET", `${download}?message_id=${mail.id}`)).body).toBe("reja");
    const again = await after.api("POST", `${before.path}/send`, { to: [AZIZA] }, key);
    expect(again.body.data.id).toBe(sent.body.data.id);
    const inReplyTo = "<one@elsewhere.example>";
    const [reply] = after.sim.inbound({ from: AZIZA, to: [TEAM], subject: "re", inReplyTo });
    expect(reply!.thread_id).toBe(mail.thread_id);
    expect(reply!.id).not.toBe(mail.id);
    await after.sim.tick();
    const created = "message.created";
    expect(after.delivered.map(({ json }) => json.type)).toEqual([
      "grant.created",
      created,
      created,
      created,
    ]);
  });

  test("loses its state on reset, and draws the first ids again", async () => {
    const { sim, control } = startSim();
    const { id } = sim.addGrant(TEAM);
    await control("POST", "/reset");
    expect((await control("GET", "/state")).body).toMatchObject({ grants: [], messages: {}, pending: [] });
    expect(sim.addGrant(TEAM).id).toBe(id);
  });

  test("accepts grants and messages through the control API", async () => {
    const { api, control } = startSim();
    const grant = (await control("POST", "/grants", { email: TEAM.email, provider: "imap", name: "Team" }))
      .body;
    const attachments = [{ filename: "a.txt", contentType: "text/plain", content: "cmVqYQ==" }];
    const mail = { from: AZIZA, to: [TEAM], subject: "x", text: "y", attachments };
    expect((await control("POST", "/inbound", { ...mail, subject: 1 })).status).toBe(400);
    const { data } = (await control("POST", "/inbound", mail)).body;
    expect(data).toMatchObject([{ grant_id: grant.id, body: "y", attachments: [{ size: 4 }] }]);
    expect((await control("GET", `/messages/${grant.id}`)).body.data).toEqual(data);
    expect((await api("GET", `/v3/grants/${grant.id}/messages`)).body.data).toHaveLength(1);
  });
});
