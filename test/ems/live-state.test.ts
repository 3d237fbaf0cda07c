import { runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { beforeAll, describe, expect, it, vi } from "vitest";
import type { MessageResponse } from "../../src/ems/messages/responses.ts";
import { type Client, createClient, signToken } from "../support/client.ts";
import { hubOf } from "../support/hub.ts";
import { breakRoute, eventually, mendRoutes, receiveMail } from "../support/nylas.ts";
import { openStream, type Stream } from "../support/stream.ts";
import { absent, createTenant, mail, type Tenant } from "../support/tenant.ts";

let tenant: Tenant;
let colleague: Client;
let thread: string;
beforeAll(async () => {
  tenant = await createTenant();
  colleague = await createClient({ companies: [tenant.company] });
  thread = tenant.message.thread_id;
});

async function connect({ token }: Client): Promise<Stream> {
  const stream = await openStream(token);
  expect(await stream.next()).toMatchObject({ event: "connected" });
  return stream;
}

describe("inbox.updated", () => {
  it.each(["read", "unread", "star", "archive", "unarchive"])(
    "tells of %s: each of the user's own streams, and no colleague's",
    async (change) => {
      const { client, item, message, company } = tenant;
      const [tab, phone, theirs] = await Promise.all([client, client, colleague].map(connect));
      await client.call("PATCH", `/inbox/${item.id}/${change}`);
      const [{ email_address: _, ...counts }] = (await client.call("GET", "/inbox/unread-counts")).body;
      const items = [(await client.call("GET", `/inbox/${item.id}`)).body];
      const named = { type: "inbox.updated", thread_id: thread, message_id: message.id, company_id: company };
      const data = { ...named, items, counts };
      for (const own of [tab, phone]) {
        expect(await own?.next()).toEqual({ id: expect.any(String), event: "inbox.updated", data });
      }
      // The colleague's next event is a shared one.
      const { body } = await client.call("GET", `/threads/${thread}`);
      await client.call("PATCH", `/threads/${thread}`, { do_not_delete: !body.do_not_delete });
      expect(await theirs?.next()).toMatchObject({ event: "thread.updated" });
      for (const stream of [tab, phone, theirs]) await stream?.close();
    },
  );

  it("is sent once per thread that is read, and not if nothing was unread", async () => {
    const { client, item, company } = tenant;
    await client.call("PATCH", `/inbox/${item.id}/unread`);
    const [own, theirs] = await Promise.all([client, colleague].map(connect));
    expect((await client.call("PATCH", `/inbox/threads/${thread}/read`)).body).toEqual({ updated: 1 });
    expect((await client.call("PATCH", `/inbox/threads/${thread}/read`)).body).toEqual({ updated: 0 });
    await colleague.call("PATCH", `/inbox/threads/${thread}/read`);
    const data = { type: "inbox.updated", thread_id: thread, message_id: null, company_id: company };
    expect(await own?.next()).toMatchObject({ data });
    expect(await theirs?.next()).toMatchObject({ data });
    await client.call("PATCH", `/inbox/${item.id}/unread`);
    expect(await own?.next()).toMatchObject({ data: { ...data, message_id: tenant.message.id } });
    for (const stream of [own, theirs]) await stream?.close();
  });
});

describe("presence", () => {
  const say = (who: Client, state: string) => who.call("POST", `/threads/${thread}/presence`, { state });
  let aziza: Client;
  beforeAll(async () => {
    aziza = await createClient({ ...tenant.client.claims, name: "Aziza" });
  });

  it("is sent to the company's other users if the state changed", async () => {
    const [own, theirs] = await Promise.all([aziza, colleague].map(connect));
    const { user_id } = aziza.claims;
    const first = await say(aziza, "viewing");
    expect(first).toMatchObject({
      status: 200,
      body: { thread_id: thread, state: "viewing", expires_in: 30 },
    });
    expect(first.body.others).toEqual([]);
    await say(aziza, "viewing");
    await say(aziza, "composing");
    const data = {
      type: "presence",
      thread_id: thread,
      message_id: null,
      company_id: tenant.company,
      user_id,
      name: "Aziza",
    };
    expect(await theirs?.next()).toEqual({ event: "presence", data: { ...data, state: "viewing" } });
    expect(await theirs?.next()).toEqual({ event: "presence", data: { ...data, state: "composing" } });

    const { body } = await say(colleague, "viewing");
    expect(body.others).toEqual([{ user_id, name: "Aziza", state: "composing" }]);
    expect(await own?.next()).toMatchObject({
      data: { user_id: colleague.claims.user_id, name: null, state: "viewing" },
    });
    expect((await say(aziza, "left")).body).toMatchObject({ expires_in: 0 });
    expect(await theirs?.next()).toMatchObject({ data: { user_id, name: "Aziza", state: "left" } });
    expect((await say(colleague, "left")).body.others).toEqual([]);
    for (const stream of [own, theirs]) await stream?.close();
  });

  it("ends 30 seconds after the last announcement, with an event for the others", async () => {
    const theirs = await connect(colleague);
    // Nothing but the lease is to wake the hub.
    await runInDurableObject(hubOf(tenant.company), async (_hub, { storage }) => {
      storage.kv.delete("cron");
      await storage.deleteAlarm();
    });
    await say(aziza, "composing");
    expect(await theirs.next()).toMatchObject({ data: { state: "composing" } });
    const due = await runInDurableObject(hubOf(tenant.company), (_hub, { storage }) => storage.getAlarm());
    expect(due! - Date.now()).toBeGreaterThan(25_000);
    expect(due! - Date.now()).toBeLessThanOrEqual(30_000);
    await runInDurableObject(hubOf(tenant.company), (_hub, { storage }) => {
      storage.sql.exec("UPDATE leases SET until = until - 30000");
    });
    expect(await runDurableObjectAlarm(hubOf(tenant.company))).toBe(true);
    const data = { user_id: aziza.claims.user_id, name: "Aziza", state: "left" };
    expect(await theirs.next()).toMatchObject({ event: "presence", data });
    expect((await say(colleague, "left")).body.others).toEqual([]);
    // Without leases, nothing wakes the hub.
    const next = await runInDurableObject(hubOf(tenant.company), (_hub, { storage }) => storage.getAlarm());
    expect(next).toBeNull();
    await theirs.close();
  });
});

describe("the version of a thread", () => {
  const reply = (who: Client, version?: string, to: MessageResponse = tenant.message) =>
    who.call(
      "POST",
      `/messages/${to.id}/reply`,
      mail(tenant.account.id, { to: [{ email: "customer@out.example" }], subject: "Re: it" }),
      version === undefined ? {} : { "if-match": version },
    );

  const read = async (): Promise<{ etag: string; version: number; ids: string[] }> => {
    const { headers, body } = await tenant.client.call("GET", `/threads/${thread}`);
    const ids = body.messages.map(({ id }: MessageResponse) => id);
    return { etag: headers.get("etag") ?? "", version: body.version, ids };
  };

  it.each(["x", '"x"', "-1", '"1", "2"', "1.5"])("is 400 as If-Match: %s", async (version) => {
    const { status, body } = await reply(tenant.client, version);
    expect([status, body.detail]).toEqual([400, expect.stringMatching(/^if-match: must be/)]);
  });

  it("is in the thread, the list and the ETag, and increases with messages only", async () => {
    const before = await read();
    expect(before.etag).toBe(`"${before.version}"`);
    await tenant.client.call("PATCH", `/threads/${thread}`, { do_not_delete: true });
    await tenant.client.call("PATCH", `/threads/${thread}`, { do_not_delete: false });
    expect(await read()).toEqual(before);
    await reply(colleague);
    const { version } = await read();
    expect(version).toBe(before.version + 1);
    const { body } = await tenant.client.call("GET", "/threads");
    expect(body.items[0]).toMatchObject({ id: thread, version });
  });

  it("allows a reply from a user who has seen the current one, in any spelling", async () => {
    for (const spell of [(v: number) => `"${v}"`, (v: number) => `W/"${v}"`, String, () => "*"]) {
      expect((await reply(tenant.client, spell((await read()).version))).status).toBe(200);
    }
  });

  it("blocks a reply after a colleague's reply: 409 with the unseen mail", async () => {
    const { etag } = await read();
    const { body: theirs } = await reply(colleague, etag);
    const refused = await reply(tenant.client, etag);
    expect(refused.status).toBe(409);
    expect(refused.body).toEqual({
      detail: expect.stringContaining("1 new message in"),
      version: (await read()).version,
      // The message is the same, but its entry is the reader's.
      messages: [{ ...theirs, inbox: expect.objectContaining({ is_read: false }) }],
      more: false,
    });
    expect((await reply(tenant.client, String(refused.body.version))).status).toBe(200);
  });

  it("a conflict shows the newest 25 messages, oldest first, without bodies over 64 KB", async () => {
    const long = await createTenant();
    const answer = (size: number, seen?: string) =>
      long.client.call(
        "POST",
        `/messages/${long.message.id}/reply`,
        mail(long.account.id, { body_html: `<p>${"x".repeat(size)}</p>` }),
        seen === undefined ? {} : { "if-match": seen },
      );
    const sent = [];
    for (let n = 0; n < 28; n++) sent.push((await answer(n === 27 ? 500_000 : n === 26 ? 60_000 : 10)).body);
    const refused = await answer(10, '"0"');
    const { detail, version, messages, more } = refused.body;
    expect([refused.status, more]).toEqual([409, true]);
    expect(detail).toContain("more than 25 new messages");
    expect(version).toBe((await long.client.call("GET", `/threads/${long.message.thread_id}`)).body.version);
    const shown = sent.slice(-25);
    const large = shown.at(-1);
    expect(messages).toEqual([...shown.slice(0, -1), { ...large, body_html: null, body_text: null }]);
    expect(large.snippet).toBeTruthy();
  });

  it("blocks a reply after the customer's mail, but not without If-Match", async () => {
    const { etag, ids } = await read();
    const { internet_message_id } = tenant.message;
    await receiveMail({
      from: { email: "customer@out.example" },
      to: [{ email: tenant.account.email_address }],
      subject: "Forget it",
      inReplyTo: internet_message_id,
    });
    const fresh = await eventually(async () => {
      const found = (await read()).ids.filter((id) => !ids.includes(id));
      expect(found).toHaveLength(1);
      return found;
    });
    const { status, body } = await reply(tenant.client, etag);
    expect([status, body.messages.map(({ id }: MessageResponse) => id)]).toEqual([409, fresh]);
    expect((await reply(tenant.client)).status).toBe(200);
  });

  it("allows only one of several concurrent replies", async () => {
    const { etag, ids } = await read();
    const answers = await Promise.all(Array.from({ length: 5 }, () => reply(colleague, etag)));
    expect(answers.map(({ status }) => status).toSorted()).toEqual([200, 409, 409, 409, 409]);
    expect((await read()).ids).toHaveLength(ids.length + 1);
  });

  it("is released when the mail could not be sent", async () => {
    const before = await read();
    await breakRoute("send", "429");
    expect((await reply(tenant.client, before.etag)).status).toBe(502);
    await mendRoutes();
    expect(await read()).toEqual(before);
    expect((await reply(tenant.client, before.etag)).status).toBe(200);
  });

  it("stays claimed when the outcome of the send is unknown", async () => {
    const { etag } = await read();
    await breakRoute("send", "504");
    expect((await reply(tenant.client, etag)).status).toBe(502);
    await mendRoutes();
    const again = await reply(tenant.client, etag);
    expect(again).toMatchObject({ status: 409, body: { detail: expect.stringContaining("right now") } });
  });
});

describe("a ticket", () => {
  const issue = async ({ call }: Client): Promise<string> => (await call("POST", "/sse/ticket")).body.ticket;

  it("that was not issued is 401, and the error explains tickets", async () => {
    const good = await issue(tenant.client);
    const forged = `${good.slice(0, -1)}${good.endsWith("0") ? 1 : 0}`;
    const prolonged = `7${good.slice(1)}`;
    for (const ticket of [
      "x",
      absent(),
      "0".repeat(64),
      "f".repeat(64),
      forged,
      prolonged,
      good.toUpperCase(),
    ]) {
      const stream = await openStream(`ticket=${ticket}`);
      expect(stream.status).toBe(401);
      expect(await stream.nextBlock()).toBeNull();
    }
  });

  it("opens one stream of its user, and no second one", async () => {
    const { body, headers } = await tenant.client.call("POST", "/sse/ticket");
    expect(body).toEqual({ ticket: expect.stringMatching(/^[0-9a-f]{64}$/), expires_in: 60 });
    expect(headers.get("cache-control")).toBe("no-store");
    const streams = await Promise.all([1, 2, 3].map(() => openStream(`ticket=${body.ticket}`)));
    expect(streams.map(({ status }) => status).toSorted()).toEqual([200, 401, 401]);
    const opened = streams.find(({ status }) => status === 200);
    const { user_id } = tenant.client.claims;
    expect(await opened?.next()).toMatchObject({ data: { message: "connected", user_id } });
    for (const stream of streams) await stream.close();
  });

  it("is not a token, and expires after a minute", async () => {
    const ticket = await issue(tenant.client);
    const asToken = await openStream(ticket);
    expect(asToken.status).toBe(401);
    await asToken.close();
    vi.useFakeTimers({ now: Date.now() + 61_000, toFake: ["Date"] });
    const late = await openStream(`ticket=${ticket}`);
    vi.useRealTimers();
    expect(late.status).toBe(401);
    await late.close();
  });

  it("expires with the token that it was issued for", async () => {
    const { claims, call } = await createClient();
    const token = await signToken(claims, Math.floor(Date.now() / 1000) + 4);
    const { body } = await call("POST", "/sse/ticket", undefined, { authorization: `Bearer ${token}` });
    const stream = await openStream(`ticket=${body.ticket}`);
    expect(await stream.next()).toMatchObject({ event: "connected" });
    expect(await stream.next()).toBeNull();
  });
});
