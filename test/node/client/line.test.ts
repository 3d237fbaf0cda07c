import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createClient } from "../../../client/index.ts";
import type { Client, LoggedEvent, StreamEvent, StreamState, Token } from "../../../client/types.ts";
import { jwtSecret, signToken } from "../../../dev/token.ts";
import { waitFor } from "../../support/wait.ts";
import { type DevServer, freePorts, startDevServer } from "../support/dev-server.ts";
import { receiveMails } from "../support/mail.ts";
import { type Fate, startProxy } from "../support/proxy.ts";
import { randomOf } from "../support/random.ts";

// The client's stream through a proxy in front of the Worker that cuts, stalls and delays.

const SEED = Number(process.env.CLIENT_SEED ?? Date.now() % 1e9);
const state = mkdtempSync(join(tmpdir(), "xabar-client-"));
const ports = await freePorts();
let server: DevServer;
let secret: string;

beforeAll(async () => {
  server = await startDevServer(state, ports);
  secret = jwtSecret();
});

afterAll(async () => {
  try {
    await server?.stop();
  } finally {
    rmSync(state, { recursive: true, force: true });
  }
});

let users = 1000;

/** A user with few streams: the Worker closes the oldest of more than 20. */
const newToken = (hours = 1): Promise<string> =>
  signToken({ user: ++users, companies: [1, 2], role: "agent", hours }, secret);

interface Followed {
  events: StreamEvent[];
  states: StreamState[];
  failures: (string | undefined)[];
  closed: Promise<void>;
  close(): void;
}

function follow(baseUrl: string, token: Token, lastEventId: string | null = null): Followed {
  const leaving = new AbortController();
  const [events, states, failures]: [StreamEvent[], StreamState[], (string | undefined)[]] = [[], [], []];
  const closed = createClient({ baseUrl, token }).events({
    lastEventId,
    signal: leaving.signal,
    onEvent: (event) => void events.push(event),
    onState: (next, failure) => {
      states.push(next);
      failures.push(failure?.detail);
    },
  });
  return { events, states, failures, closed, close: () => leaving.abort() };
}

const nameOf = ({ type, company_id, message_id, thread_id }: StreamEvent): string =>
  [type, company_id, message_id ?? thread_id].join(" ");

/** The position at the end of the log. */
async function positionOf(token: string): Promise<string> {
  const { data } = await createClient({ baseUrl: server.url, token }).GET("/events");
  return data!.position;
}

/** The events since a position, by polling. */
async function eventsSince(token: string, since: string): Promise<string[]> {
  const { data } = await createClient({ baseUrl: server.url, token }).GET("/events", {
    params: { query: { since, limit: 1000 } },
  });
  return (data!.items as LoggedEvent[]).map(nameOf);
}

/** The length of a stream's answer, up to the end of so many events. */
async function lengthOf(token: string, since: string | null, count: number): Promise<number> {
  let bytes = 0;
  const onBytes = (length: number) => {
    bytes += length;
  };
  const proxy = await startProxy(server.url, () => ({ onBytes }));
  const probe = follow(proxy.url, token, since);
  await waitFor(() => {
    expect(probe.states).toContain("live");
    expect(probe.events).toHaveLength(count);
  });
  probe.close();
  await probe.closed;
  await proxy.close();
  return bytes;
}

/** Some at a time, so that a small machine keeps up. */
async function inTurns<Item>(
  items: Item[],
  atATime: number,
  work: (item: Item) => Promise<void>,
): Promise<void> {
  const rest = [...items];
  const turn = async () => {
    for (let item = rest.shift(); item !== undefined; item = rest.shift()) await work(item);
  };
  await Promise.all(Array.from({ length: atATime }, turn));
}

test("a connection that is cut or stalls at any place loses and repeats no event", async () => {
  const token = await newToken();
  const since = await positionOf(token);
  await receiveMails(server, 2);
  const wanted = await eventsSince(token, since);
  expect(wanted.length).toBeGreaterThanOrEqual(4);
  const length = await lengthOf(token, since, wanted.length);
  const random = randomOf(SEED);
  const places = Array.from({ length: 100 }, () => random(length));
  const fates: Fate[] = [
    ...places.map((cutAt) => ({ cutAt })),
    ...places.slice(0, 20).map((stallAt) => ({ stallAt })),
    ...places.slice(0, 10).map((cutAt) => ({ cutAt, pieces: { bytes: 1 + random(40), milliseconds: 2 } })),
  ];
  await inTurns(fates, 30, async (fate) => {
    const proxy = await startProxy(server.url, (nth) => (nth === 0 ? fate : {}));
    const followed = follow(proxy.url, await newToken(), since);
    const told = `${JSON.stringify(fate)} of ${length} bytes, CLIENT_SEED=${SEED}`;
    await waitFor(() => {
      expect(followed.events.length, told).toBeGreaterThanOrEqual(wanted.length);
      expect(proxy.taken(), told).toBeGreaterThan(1);
      expect(followed.states.at(-1), told).toBe("live");
    });
    followed.close();
    await followed.closed;
    await proxy.close();
    expect(followed.events.map(nameOf), told).toEqual(wanted);
    expect(followed.states.slice(-3), told).toEqual(["reconnecting", "live", "closed"]);
  });
});

test("an unruly line while mail arrives: each client gets each event once, in order", async () => {
  const token = await newToken();
  const since = await positionOf(token);
  let isCalm = false;
  const clients = await Promise.all(
    Array.from({ length: 12 }, async (_, nth) => {
      const random = randomOf(SEED + nth);
      const proxy = await startProxy(server.url, () => {
        if (isCalm) return {};
        if (random(5) === 0) return null;
        const pieces = { bytes: 1 + random(500), milliseconds: random(20) };
        return { ...(random(8) === 0 ? { stallAt: random(6000) } : { cutAt: random(6000) }), pieces };
      });
      return { proxy, followed: follow(proxy.url, await newToken(), since) };
    }),
  );
  for (let round = 0; round < 8; round++) await receiveMails(server, 1);
  isCalm = true;
  await receiveMails(server, 1);
  const wanted = await eventsSince(token, since);
  for (const { proxy, followed } of clients) {
    await waitFor(() => {
      expect(followed.events.length, `CLIENT_SEED=${SEED}`).toBeGreaterThanOrEqual(wanted.length);
      expect(followed.states.at(-1)).toBe("live");
    });
    followed.close();
    await followed.closed;
    await proxy.close();
    expect(followed.events.map(nameOf), `CLIENT_SEED=${SEED}`).toEqual(wanted);
  }
  expect(clients.some(({ proxy }) => proxy.taken() > 1)).toBe(true);
});

test("a silent line is left after two keepalives, and one that carries keepalives is not", async () => {
  const stallAt = await lengthOf(await newToken(), null, 0);
  const proxies = await Promise.all([
    startProxy(server.url, (nth) => (nth === 0 ? { stallAt } : {})),
    startProxy(server.url, () => ({})),
  ]);
  const [silent, alive] = await Promise.all(proxies.map(async ({ url }) => follow(url, await newToken())));
  const begun = Date.now();
  await waitFor(() => expect(silent!.states.slice(2).at(-1)).toBe("live"));
  expect(Date.now() - begun).toBeGreaterThan(29_000);
  expect(silent!.states.slice(0, 3)).toEqual(["connecting", "live", "reconnecting"]);
  expect(silent!.failures[2]).toContain("silent");
  await waitFor(() => expect(Date.now() - begun).toBeGreaterThan(46_000));
  expect(alive!.states).toEqual(["connecting", "live"]);
  for (const { close } of [silent!, alive!]) close();
  for (const proxy of proxies) await proxy.close();
});

test("a token that ends is replaced without a gap; without another one the stream is closed", async () => {
  const user = ++users;
  const short = () => signToken({ user, companies: [1, 2], role: "agent", hours: 6 / 3600 }, secret);
  const renewing = follow(server.url, short);
  const only = follow(server.url, await short());
  const sleepy = follow(server.url, async (refused) => refused ?? "not a token");
  await waitFor(() => expect(renewing.states.at(-1)).toBe("live"));
  const since = await positionOf(await newToken());
  await receiveMails(server, 1);
  await waitFor(() => expect(renewing.states.filter((next) => next === "live").length).toBeGreaterThan(1));
  await receiveMails(server, 1);
  const wanted = await eventsSince(await newToken(), since);
  await waitFor(() => expect(renewing.events.map(nameOf)).toEqual(wanted));
  renewing.close();

  await Promise.all([only.closed, sleepy.closed]);
  expect([only.states.at(-1), only.failures.at(-1)]).toEqual(["closed", "Invalid or expired token"]);
  expect(sleepy.states).toEqual(["connecting", "closed"]);
});

test("a position that the server does not know is told by `resync`, and events follow", async () => {
  const followed = follow(server.url, await newToken(), "damaged");
  await waitFor(() => expect(followed.events.map(({ type }) => type)).toEqual(["resync"]));
  const [id] = await receiveMails(server, 1);
  await waitFor(() => expect(followed.events.map(({ message_id }) => message_id)).toContain(id));
  followed.close();
  await followed.closed;
  const { length } = followed.events;
  expect(followed.states.at(-1)).toBe("closed");
  await receiveMails(server, 1);
  expect(followed.events).toHaveLength(length);
});

test("a call has the types that the Worker answers with: a list, an error, and the 409 of a reply", async () => {
  const client = createClient({ baseUrl: server.url, token: await newToken() });
  const inbox = await client.GET("/inbox", { params: { query: { size: 1 } } });
  const message_id = inbox.data!.items[0]!.message.id;
  const absent = await client.GET("/messages/{message_id}", {
    params: { path: { message_id: crypto.randomUUID() } },
  });
  expect(absent.error?.detail).toBe("Message not found");
  const { data: accounts } = await client.GET("/accounts");
  const body = {
    ...{ email_account_id: accounts![0]!.id, to: [{ email: "a@mijoz.example" }] },
    ...{ subject: "Re", body_html: "<p>Salom</p>" },
  };
  const wrong = await client.POST("/messages/send", { body: { ...body, to: [{ email: "no address" }] } });
  const issues = wrong.error && "errors" in wrong.error ? wrong.error.errors : [];
  expect(issues?.map(({ path }) => path)).toEqual(["to.0.email"]);
  const late = await client.POST("/messages/{message_id}/reply", {
    params: { path: { message_id }, header: { "If-Match": '"0"' } },
    body: { ...body, email_account_id: (await accountOf(client, message_id))! },
  });
  const conflict = late.error && "messages" in late.error ? late.error : null;
  expect([late.response.status, conflict?.version]).toEqual([409, expect.any(Number)]);
  expect(conflict?.messages.map(({ id }) => id)).toContain(message_id);
});

/** The mailbox of a message. */
async function accountOf(client: Client, message_id: string): Promise<string | undefined> {
  const { data } = await client.GET("/messages/{message_id}", { params: { path: { message_id } } });
  return data?.email_account_id;
}

test("a handler that throws loses nothing but its own event", async () => {
  const leaving = new AbortController();
  const told: string[] = [];
  const reported: unknown[] = [];
  const note = (error: unknown) => void reported.push(error);
  const others = process.listeners("uncaughtException");
  process.removeAllListeners("uncaughtException");
  process.on("uncaughtException", note);
  try {
    void createClient({ baseUrl: server.url, token: await newToken() }).events({
      signal: leaving.signal,
      onEvent: (event) => {
        told.push(event.type);
        throw new Error(`Cannot show ${event.type}`);
      },
    });
    await waitFor(async () => {
      await receiveMails(server, 1);
      expect(told.length).toBeGreaterThan(1);
    });
    await waitFor(() => expect(reported).toHaveLength(told.length));
    expect(String(reported[0])).toBe(`Error: Cannot show ${told[0]}`);
  } finally {
    process.off("uncaughtException", note);
    for (const other of others) process.on("uncaughtException", other);
    leaving.abort();
  }
});
