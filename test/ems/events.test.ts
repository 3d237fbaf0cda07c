import { evictDurableObject, runInDurableObject } from "cloudflare:test";
import { beforeAll, describe, expect, it } from "vitest";
import type { AccountResponse } from "../../src/ems/accounts/responses.ts";
import { lifetime } from "../../src/ems/events/stream.ts";
import { type Client, connectMailbox, createClient, signToken, unique } from "../support/client.ts";
import { hubOf, socketsOf } from "../support/hub.ts";
import { deliverNotifications, notify, receiveMail } from "../support/nylas.ts";
import { follow, openStream } from "../support/stream.ts";
import { waitFor } from "../support/wait.ts";

let client: Client;
let account: AccountResponse & { grant_id: string };

beforeAll(async () => {
  client = await createClient();
  account = await connectMailbox(client);
});

const receive = async (to: AccountResponse, subject: string) => {
  await receiveMail({ from: { email: "c@out.example" }, to: [{ email: to.email_address }], subject });
  await deliverNotifications();
};

const merge = <T extends { data: object }>(event: T, more: object) => ({
  ...event,
  data: { ...event.data, ...more },
});

describe("a stream", () => {
  it("without a token, or with an expired one, is 401", async () => {
    const expired = await signToken(client.claims, Math.floor(Date.now() / 1000) - 1);
    for (const token of ["", "garbage", expired]) {
      const stream = await openStream(`token=${token}`);
      expect(stream.status).toBe(401);
      await stream.close();
    }
  });

  it("with anything but a valid token in Authorization is 401", async () => {
    const expired = await signToken(client.claims, Math.floor(Date.now() / 1000) - 1);
    const { ticket } = (await client.call("POST", "/sse/ticket")).body;
    const bad = ["", "garbage", client.token.slice(0, -2), expired, ticket].map((token) => `Bearer ${token}`);
    for (const authorization of [...bad, client.token, `Basic ${client.token}`]) {
      const stream = await openStream("", { authorization });
      expect(stream.status, authorization).toBe(401);
      expect(stream.headers.get("www-authenticate")).toBe("Bearer");
      await stream.close();
    }
  });

  it("opens with a token in Authorization as with one in the URL, which comes first", async () => {
    const other = await createClient();
    const authorization = `Bearer ${client.token}`;
    for (const [key, { user_id }] of [["", client.claims] as const, [other.token, other.claims] as const]) {
      const stream = await openStream(key, { authorization });
      expect(await stream.next()).toMatchObject({ event: "connected", data: { user_id } });
      await stream.close();
    }
  });

  it("starts with `connected`, and gets the events of a mail: first the message, then its thread", async () => {
    const stream = await openStream(client.token);
    expect(stream.status).toBe(200);
    expect(stream.headers.get("content-type")).toContain("text/event-stream");
    const { user_id, companies } = client.claims;
    const id = expect.any(String);
    expect(await stream.next()).toEqual({ id, event: "connected", data: { message: "connected", user_id } });
    await receive(account, "Live");
    const created = await stream.next();
    const { body } = await client.call("GET", "/messages/");
    const { id: message_id, thread_id } = body.items[0];
    const data = { thread_id, message_id, company_id: companies[0] };
    const told = (type: string) => ({ id, event: type, data: { type, ...data, counts: expect.anything() } });
    // What clients need to update their lists: items as the lists show them.
    const { items } = (await client.call("GET", "/inbox/")).body;
    const [thread] = (await client.call("GET", "/threads/")).body.items;
    expect(created).toEqual(merge(told("message.created"), { items }));
    expect(await stream.next()).toEqual(merge(told("thread.created"), { thread }));
    await stream.close();
  });

  it("has a blank line only after data: some clients take any other for an empty event", async () => {
    const stream = await openStream(client.token);
    for (const _ of [1, 2]) {
      expect(await stream.nextBlock()).toMatch(/^data: ./m);
      await receive(account, "Framed");
    }
    await stream.close();
  });

  it("starts with a random reconnect delay", async () => {
    const told = new Set<string | null>();
    for (let i = 0; i < 5; i++) {
      const stream = await openStream(client.token);
      const retry = await stream.nextLine();
      expect(retry).toMatch(/^retry: [12]\d{3}$/);
      told.add(retry);
      // Part of the `connected` event: no blank line before it.
      expect(await stream.nextBlock()).toMatch(/^event: connected\ndata: \{.*\}\nid: \S+$/);
      await stream.close();
    }
    expect(told.size).toBeGreaterThan(1);
  });

  it("shows a colleague's reply as a message of the same thread", async () => {
    await receive(account, "Question");
    const original = await waitFor(async () => {
      const { body } = await client.call("GET", "/messages/");
      expect(body.items[0].subject).toBe("Question");
      return body.items[0];
    });
    const stream = await openStream(client.token);
    await stream.next();
    const colleague = await createClient({ companies: client.claims.companies });
    const to = [{ email: "c@out.example" }];
    const reply = { email_account_id: account.id, to, subject: "Re: Question", body_html: "<p>Yes</p>" };
    const { body } = await colleague.call("POST", `/messages/${original.id}/reply`, reply);
    expect(await stream.next()).toMatchObject({ event: "message.created", data: { message_id: body.id } });
    const grown = { event: "thread.updated", data: { thread_id: original.thread_id, message_id: body.id } };
    expect(await stream.next()).toMatchObject(grown);
    await stream.close();
  });

  it("reports an expired grant, with null for fields that do not apply", async () => {
    const other = await connectMailbox(client);
    const stream = await openStream(client.token);
    await stream.next();
    await notify("grant.expired", { grant_id: other.grant_id, code: 25009 });
    await deliverNotifications();
    const company_id = client.claims.companies[0];
    expect(await stream.next()).toMatchObject({
      event: "grant.expired",
      data: { type: "grant.expired", thread_id: null, message_id: null, company_id, account_id: other.id },
    });
    await stream.close();
  });

  it("reports a colleague's changes to a mailbox", async () => {
    const stream = await openStream(client.token);
    await stream.next();
    await client.call("PATCH", `/accounts/${account.id}`, { display_name: "Support" });
    const data = { account_id: account.id, message_id: null };
    expect(await stream.next()).toMatchObject({ event: "account.updated", data });
    await stream.close();
  });

  it("survives an eviction of the hub: sockets hibernate, and no event is lost", async () => {
    const streams = await Promise.all([1, 2, 3].map(() => openStream(client.token)));
    for (const stream of streams) await stream.next();
    for (const subject of ["After the eviction", "And after another"]) {
      await evictDurableObject(hubOf(client.claims.companies[0]));
      await receive(account, subject);
      for (const stream of streams) {
        expect(await stream.next()).toMatchObject({ event: "message.created" });
        expect(await stream.next()).toMatchObject({ event: "thread.created" });
      }
    }
    for (const stream of streams) await stream.close();
  });

  it("has the events of all companies of its user, and of no others", async () => {
    const other = await createClient();
    const box = await connectMailbox(other);
    const stranger = await createClient();
    const strange = await connectMailbox(stranger);
    const companies = [...client.claims.companies, ...other.claims.companies];
    const stream = await openStream((await createClient({ companies })).token);
    await stream.next();
    for (const to of [strange, account, box]) await receive(to, "To all");
    const seen: number[] = [];
    while (seen.length < 4) seen.push((await stream.next())?.data.company_id);
    expect(seen.toSorted()).toEqual(companies.flatMap((id) => [id, id]).toSorted());
    await stream.close();
  });

  it("leaves no socket at the hub after it is closed, even after a thousand streams", async () => {
    const { companies } = client.claims;
    const [company] = companies;
    const team = await Promise.all(Array.from({ length: 10 }, () => createClient({ companies })));
    await waitFor(async () => expect(await socketsOf(company)).toBe(0));
    for (let round = 0; round < 10; round++) {
      const streams = await Promise.all(
        team.flatMap(({ token }) => Array.from({ length: 10 }, () => openStream(token))),
      );
      // Some disconnect immediately.
      const settled = streams.slice(round * 10);
      for (const stream of settled) expect(await stream.next()).toMatchObject({ event: "connected" });
      for (const stream of streams) await stream.close();
    }
    await waitFor(async () => expect(await socketsOf(company)).toBe(0));
  });

  it("is closed by the server before its token expires", async () => {
    const token = await signToken(client.claims, Math.floor(Date.now() / 1000) + 4);
    const stream = await openStream(token);
    await stream.next();
    expect(await stream.next()).toBeNull();
  });

  it("lasts 24 to 30 minutes, and ends before its token does", () => {
    const now = 1_000_000;
    const minutes = (exp: number, random: number) => lifetime(exp, now, random) / 60_000;
    expect(minutes(1e9, 0)).toBe(30);
    expect(minutes(1e9, 1)).toBe(24);
    expect(lifetime(now / 1000 + 60, now, 0.5)).toBe(59_000);
    expect(lifetime(now / 1000, now, 0.5)).toBe(0);
  });

  it("gets a `:` after 15 seconds of silence, while the hub hibernates until the next event", async () => {
    const [company] = client.claims.companies;
    const awake = new WeakSet();
    const stream = await openStream(client.token);
    await stream.next();
    await runInDurableObject(hubOf(company), (hub) => void awake.add(hub));
    const isAwake = () => runInDurableObject(hubOf(company), (hub) => awake.has(hub));
    expect(await isAwake()).toBe(true);
    expect(await stream.nextLine()).toBe(":");
    expect(await isAwake()).toBe(false);
    await receive(account, "Good morning");
    expect(await stream.nextBlock()).toMatch(/^event: message\.created\ndata: \{.*\}\nid: \S+$/);
    await stream.close();
  });

  it("above the user's limit closes the oldest one, which gets a retry of a minute", async () => {
    const companies = [unique()];
    const [user, colleague] = await Promise.all([createClient({ companies }), createClient({ companies })]);
    const other = await follow(colleague.token);
    const open = async () => {
      const stream = await openStream(user.token);
      expect(await stream.next()).toMatchObject({ event: "connected" });
      return stream;
    };
    const streams = [];
    while (streams.length < 22) streams.push(await open());
    for (const stream of streams.splice(0, 2)) {
      expect(await stream.nextLine()).toBe("retry: 60000");
      expect(await stream.nextLine()).toBeNull();
    }
    await waitFor(async () => expect(await socketsOf(companies[0])).toBe(21));
    await colleague.call("POST", "/accounts", {
      company_id: companies[0],
      email_address: `a${unique()}@demo.example`,
    });
    for (const stream of streams) {
      expect(await stream.next()).toMatchObject({ event: "account.updated" });
      await stream.close();
    }
    await other.close();
  });

  it("gets a random retry when its hub restarts", async () => {
    const [company] = client.claims.companies;
    const streams = await Promise.all([1, 2, 3, 4, 5].map(() => openStream(client.token)));
    for (const stream of streams) await stream.next();
    await runInDurableObject(hubOf(company), (_hub, state) => {
      for (const socket of state.getWebSockets()) socket.close(1012);
    });
    const told = new Set<number>();
    for (const stream of streams) {
      told.add(Number(/^retry: (\d+)$/.exec((await stream.nextLine()) ?? "")?.[1]));
      expect(await stream.nextLine()).toBeNull();
    }
    expect(told.size).toBeGreaterThan(1);
    for (const milliseconds of told) {
      expect(milliseconds).toBeGreaterThanOrEqual(1000);
      expect(milliseconds).toBeLessThan(15_000);
    }
  });
});
