import { evictDurableObject, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { type Observed, observedD1 } from "../../dev/worker/observed-d1.ts";
import type { AccountResponse } from "../../src/ems/accounts/responses.ts";
import { createContext } from "../../src/ems/context.ts";
import { notifyHub } from "../../src/ems/events/hub-client.ts";
import { formatPosition, positionAt } from "../../src/ems/events/position.ts";
import { pullEvents } from "../../src/ems/events/pull.ts";
import { REPLAY_LIMIT } from "../../src/ems/events/replay.ts";
import { openStream as openBody } from "../../src/ems/events/stream.ts";
import { CompanyHub } from "../../src/ems/hub.ts";
import { faultyEnv, type Queued } from "../chaos/faults.ts";
import { drain } from "../chaos/queue.ts";
import { type Client, connectMailbox, createClient, signToken, unique } from "../support/client.ts";
import { db, dbOf } from "../support/db.ts";
import { hubOf, socketsOf } from "../support/hub.ts";
import { metered } from "../support/meter.ts";
import { eventually, notify, receiveMail } from "../support/nylas.ts";
import { inObject } from "../support/objects.ts";
import { follow, openStream, readStream, type Stream, type StreamEvent } from "../support/stream.ts";
import { waitFor } from "../support/wait.ts";

/** Appends events to a company's log without notifying its hub. @returns their message ids */
async function append(company: number, count = 1, user: number | null = null): Promise<string[]> {
  const ids = Array.from({ length: count }, () => crypto.randomUUID());
  await dbOf(company)
    .prepare(
      `INSERT INTO ems_events (company_id, user_id, type, message_id, cause, created_at)
    SELECT ?, ?, 'message.updated', value, value, unixepoch() FROM json_each(?)`,
    )
    .bind(company, user, JSON.stringify(ids))
    .run();
  return ids;
}

const take = async (stream: Stream, count: number): Promise<StreamEvent[]> => {
  const events: StreamEvent[] = [];
  while (events.length < count) {
    const event = await stream.next();
    if (!event) throw new Error(`The stream ended after ${events.length} of ${count}`);
    events.push(event);
  }
  return events;
};

const messagesIn = (events: StreamEvent[]) => events.map(({ data }) => data.message_id);

let client: Client;
let company: number;
beforeEach(async () => {
  client = await createClient();
  company = client.claims.companies[0]!;
});

/** Opens a stream and reads its `connected`. */
async function connect(
  key: string,
  headers: HeadersInit = {},
): Promise<{ stream: Stream; hello: StreamEvent }> {
  const stream = await openStream(key, headers);
  const hello = await stream.next();
  expect(hello?.event).toBe("connected");
  return { stream, hello: hello! };
}

/** The position at the end of the log. */
async function now(of: Client): Promise<string> {
  return (await of.call("GET", "/events")).body.position;
}

describe("a position that cannot be resumed gets one `resync`, and then new events", () => {
  const BAD: [string, (good: string) => string][] = [
    ["that is not a position", () => "garbage"],
    ["that was truncated", (good) => good.slice(0, -1)],
    ["with a changed digit", (good) => `${good[0] === "1" ? "2" : "1"}${good.slice(1)}`],
    ["that lacks the company", () => formatPosition(new Map())],
    ["of another company", () => formatPosition(positionAt([company + 1], () => 1))],
    ["ahead of the log", () => formatPosition(positionAt([company], () => 1e12))],
    ["in another format", () => "42"],
  ];

  it.each(BAD)("%s", async (_, spoil) => {
    await append(company);
    const bad = spoil(await now(client));
    const { stream } = await connect(client.token, { "last-event-id": bad });
    const resync = await stream.next();
    const data = { type: "resync", thread_id: null, message_id: null, company_id: null };
    expect(resync).toEqual({ id: expect.any(String), event: "resync", data });
    const ids = await append(company);
    await hubOf(company).notify();
    expect(messagesIn(await take(stream, 1))).toEqual(ids);
    await stream.close();

    const { body } = await client.call("GET", `/events?since=${encodeURIComponent(bad)}`);
    expect(body).toMatchObject({ items: [data], has_more: false });
    // From there it continues as usual.
    expect((await client.call("GET", `/events?since=${resync?.id}`)).body.items).toHaveLength(1);
  });

  it("older than the log", async () => {
    const old = await now(client);
    await append(company, 3);
    await db.prepare("DELETE FROM ems_events WHERE id < (SELECT max(id) FROM ems_events)").run();
    const { stream, hello } = await connect(client.token, { "last-event-id": old });
    // A client that disconnects now still has the old position, and gets the resync again.
    expect(hello.id).toBeUndefined();
    expect(await stream.next()).toMatchObject({ event: "resync" });
    await stream.close();
  });

  it(`more than ${REPLAY_LIMIT} events behind`, async () => {
    const start = await now(client);
    await append(company, REPLAY_LIMIT);
    const near = await connect(client.token, { "last-event-id": start });
    expect(new Set((await take(near.stream, REPLAY_LIMIT)).map(({ event }) => event))).toEqual(
      new Set(["message.updated"]),
    );
    await near.stream.close();
    await append(company);
    const far = await connect(client.token, { "last-event-id": start });
    expect(await far.stream.next()).toMatchObject({ event: "resync" });
    const ids = await append(company);
    await hubOf(company).notify();
    expect(messagesIn(await take(far.stream, 1))).toEqual(ids);
    await far.stream.close();
  });

  it("with a token that has gained a company", async () => {
    const start = await now(client);
    const { token } = await createClient({ ...client.claims, companies: [company, unique()] });
    const { stream } = await connect(token, { "last-event-id": start });
    expect(await stream.next()).toMatchObject({ event: "resync" });
    await stream.close();
  });
});

describe("a resumed stream", () => {
  it("gets exactly the missed events, in order, and then new ones", async () => {
    const first = await connect(client.token);
    const seen = await append(company, 2);
    await hubOf(company).notify();
    const events = await take(first.stream, 2);
    expect(messagesIn(events)).toEqual(seen);
    await first.stream.close();

    const all = [...seen, ...(await append(company, 450))];
    for (const [had, { id: from }] of [first.hello, ...events].entries()) {
      const { stream, hello } = await connect(client.token, { "last-event-id": from! });
      expect(hello.id).toBe(from);
      const wanted = all.slice(had);
      expect(messagesIn(await take(stream, wanted.length))).toEqual(wanted);
      const live = await append(company);
      await hubOf(company).notify();
      expect(messagesIn(await take(stream, 1))).toEqual(live);
      all.push(...live);
      await stream.close();
    }
  });

  it("takes its position from the URL, unless the browser sends a newer one", async () => {
    const start = await now(client);
    const [one, two] = await append(company, 2);
    const { stream } = await connect(`token=${client.token}&last_event_id=${start}`);
    const [first] = await take(stream, 1);
    expect(first?.data.message_id).toBe(one);
    await stream.close();
    const again = await connect(`token=${client.token}&last_event_id=${start}`, {
      "last-event-id": first!.id!,
    });
    expect(messagesIn(await take(again.stream, 1))).toEqual([two]);
    await again.stream.close();
    // The name that a common polyfill uses, among unknown parameters.
    const polyfill = await connect(`token=${client.token}&lastEventId=${first!.id}&_=${Date.now()}&x[]=1`);
    expect(messagesIn(await take(polyfill.stream, 1))).toEqual([two]);
    await polyfill.stream.close();
  });

  it("without a position starts at the end of the log", async () => {
    await append(company);
    const { stream } = await connect(`token=${client.token}&last_event_id=`);
    const ids = await append(company);
    await hubOf(company).notify();
    expect(messagesIn(await take(stream, 1))).toEqual(ids);
    await stream.close();
  });

  it("misses nothing of two companies, whichever was ahead", async () => {
    const [a, b] = [company, unique()];
    const { token } = await createClient({ companies: [a, b] });
    const { stream } = await connect(token);
    const wanted: Record<number, string[]> = { [a]: [], [b]: [] };
    wanted[a]!.push(...(await append(a)));
    wanted[b]!.push(...(await append(b)));
    await hubOf(b).notify(); // b's event is later, and arrives first
    const [ahead] = await take(stream, 1);
    expect(ahead?.data.company_id).toBe(b);
    await stream.close();

    wanted[b]!.push(...(await append(b)));
    const again = await connect(token, { "last-event-id": ahead!.id! });
    const rest = await take(again.stream, 2);
    expect(rest.map(({ data }) => data.company_id)).toEqual([a, b]);
    expect(messagesIn(rest)).toEqual([wanted[a]![0], wanted[b]![1]]);
    await again.stream.close();
  });

  it("misses nothing of 100 companies", async () => {
    const companies = Array.from({ length: 100 }, unique);
    const { token } = await createClient({ companies });
    const { stream, hello } = await connect(token);
    await stream.close();
    const wanted = [];
    for (const n of [99, 0, 50]) wanted.push(...(await append(companies[n]!)));
    const again = await connect(token, { "last-event-id": hello.id! });
    const missed = await take(again.stream, 3);
    expect(messagesIn(missed).toSorted()).toEqual(wanted.toSorted());
    for (const { id } of missed) expect(id!.length).toBeLessThan(1500);
    await again.stream.close();
  });

  it("gets no events of a company that its token has lost, and all of the others", async () => {
    const other = unique();
    const before = await createClient({ companies: [company, other] });
    const start = await now(before);
    await append(other);
    const ids = await append(company);
    const { token } = await createClient({ ...before.claims, companies: [company] });
    const { stream } = await connect(token, { "last-event-id": start });
    expect(messagesIn(await take(stream, 1))).toEqual(ids);
    await stream.close();
  });

  it("gets no private events of other users", async () => {
    const start = await now(client);
    await append(company, 3, unique());
    const own = await append(company, 1, client.claims.user_id);
    const shared = await append(company);
    const { stream } = await connect(client.token, { "last-event-id": start });
    expect(messagesIn(await take(stream, 2))).toEqual([...own, ...shared]);
    await stream.close();
    const { body } = await client.call("GET", `/events?since=${start}`);
    expect(messagesIn(body.items.map((data: object) => ({ data })))).toEqual([...own, ...shared]);
  });

  it("reads no rows of colleagues' private events", async () => {
    const start = await now(client);
    const { ctx, meter } = metered(client.claims);
    const pull = async () => {
      for await (const event of (await pullEvents(ctx, { since: start, limit: 100 })).items)
        expect(event).toBeTruthy();
    };
    await append(company, 1);
    // D1 bills the first row after a range, too.
    await append(company, 1, unique());
    await pull();
    const before = meter.read;
    await append(company, 300, unique());
    Object.assign(meter, { read: 0 });
    await pull();
    expect(meter.read).toBe(before);
    expect(meter.read).toBeLessThan(10);
  });
});

describe("a hub", () => {
  it("covers a lost notification with the next one", async () => {
    const { stream } = await connect(client.token);
    const ids = [...(await append(company)), ...(await append(company))];
    await hubOf(company).notify();
    expect(messagesIn(await take(stream, 2))).toEqual(ids);
    await stream.close();
  });

  it("misses no event while a stream is joining", async () => {
    const wanted: (string | null)[] = [];
    const { ctx } = metered(client.claims);
    const COMPANY_HUB = {
      idFromName: (name: string) => env.COMPANY_HUB.idFromName(name),
      get: (id: DurableObjectId) => ({
        fetch: async (url: string, init: RequestInit) => {
          wanted.push(...(await append(company)));
          const joined = await env.COMPANY_HUB.get(id).fetch(url, init);
          wanted.push(...(await append(company)));
          await hubOf(company).notify();
          return joined;
        },
      }),
    };
    const user = { ...ctx.user, exp: Date.now() / 1000 + 60 };
    const body = openBody({ ...ctx, env: { ...env, COMPANY_HUB } as unknown as Env }, user, undefined);
    const stream = readStream(new Response(body));
    expect(await stream.next()).toMatchObject({ event: "connected" });
    expect(messagesIn(await take(stream, 2))).toEqual(wanted);
    await stream.close();
  });

  describe("without streams while the log grew", () => {
    const joining = () => new Request("https://hub/?user=1", { headers: { upgrade: "websocket" } });
    const cursorOf = ({ headers }: Response) => Number(headers.get("x-cursor"));
    const newest = () => dbOf(company).prepare("SELECT max(id) AS id FROM ems_events").first<number>("id");

    beforeEach(async () => {
      const { stream } = await connect(client.token);
      await stream.close();
      await waitFor(async () => expect(await socketsOf(company)).toBe(0));
      await append(company, 300);
    });

    it("starts at the end of the log, also for concurrent joins", async () => {
      const joined = await Promise.all([1, 2, 3].map(() => hubOf(company).fetch(joining())));
      const end = await newest();
      expect(joined.map(cursorOf)).toEqual([end, end, end]);
      for (const { webSocket } of joined) {
        webSocket?.accept();
        webSocket?.close();
      }
    });

    // An object's own SQLite does not fail.
    it.skipIf(env.STORE === "objects")(
      "starts for the next join if D1 failed for the first one",
      async () => {
        let calls = 0;
        const failing = faultyEnv((call) => (call.startsWith("D1") && calls++ === 0 ? "before" : null), []);
        await runInDurableObject(hubOf(company), async (_hub, state) => {
          const hub = new CompanyHub(state, failing);
          const [first, second] = await Promise.allSettled([hub.fetch(joining()), hub.fetch(joining())]);
          expect(first.status).toBe("rejected");
          expect(second.status === "fulfilled" && cursorOf(second.value)).toBe(await newest());
          for (const socket of state.getWebSockets()) socket.close();
        });
      },
    );
  });

  it("is notified by a repeated delivery: the first may have died before it notified", async () => {
    const account = await connectMailbox(client);
    const mail = {
      from: { email: "c@out.example" },
      to: [{ email: account.email_address }],
      subject: "Twice",
    };
    const [received] = await receiveMail(mail);
    await eventually(async () => expect((await client.call("GET", "/inbox")).body.total).toBe(1));
    const { stream } = await connect(client.token);
    const ids = await append(company);
    await notify("message.created", { ...received, grant_id: account.grant_id });
    await eventually(async () => expect(messagesIn(await take(stream, 1))).toEqual(ids));
    await stream.close();
  });

  it("that is unreachable is notified by a job later", async () => {
    const queue: Queued[] = [];
    const isRing = (name: string) => (name === "hub.notify" ? "before" : null);
    const { stream } = await connect(client.token);
    const ids = await append(company);
    const deferred: Promise<unknown>[] = [];
    notifyHub(
      createContext(faultyEnv(isRing, queue), { waitUntil: (work) => void deferred.push(work) }),
      company,
    );
    await Promise.all(deferred);
    expect(queue).toHaveLength(1);
    await drain(queue, env);
    expect(messagesIn(await take(stream, 1))).toEqual(ids);
    await stream.close();
  });

  it("sends each event once, for any number of concurrent notifications", async () => {
    const { stream } = await connect(client.token);
    const ids: string[] = [];
    for (let i = 0; i < 20; i++) {
      ids.push(...(await append(company)));
      for (let j = 0; j < 5; j++) void hubOf(company).notify();
    }
    await hubOf(company).notify();
    ids.push(...(await append(company)));
    await hubOf(company).notify();
    expect(messagesIn(await take(stream, ids.length))).toEqual(ids);
    await stream.close();
  });

  it("sends the events of one read in one write", async () => {
    const { ctx } = metered(client.claims);
    const user = { ...ctx.user, exp: Date.now() / 1000 + 60 };
    const reader = openBody(ctx, user, undefined).pipeThrough(new TextDecoderStream()).getReader();
    const isConnected = ({ value }: { value?: string | undefined }) => value?.includes("event: connected");
    while (!isConnected(await reader.read()));
    const ids = await append(company, 50);
    await hubOf(company).notify();
    const { value } = await reader.read();
    expect(ids.filter((id) => value?.includes(id))).toEqual(ids);
    await reader.cancel();
  });

  describe("that has just read its log", () => {
    afterEach(() => {
      vi.useRealTimers();
      vi.restoreAllMocks();
    });

    it("gathers further notifications for 50 ms, and reads once for all of them", async () => {
      const { stream } = await connect(client.token);
      const ids: string[] = [];
      let reads = 0;
      const observe = ({ sql }: Observed) => {
        if (!sql.startsWith("INSERT")) reads++;
      };
      const observed = { ...env, DB: observedD1(env.DB, observe) };
      const notifying = async (hub: CompanyHub) => {
        vi.useFakeTimers({ toFake: ["Date"], now: Date.now() });
        const timers: [run: () => void, ms?: number][] = [];
        const timer = (...one: [() => void, number?]) => timers.push(one) as never;
        vi.spyOn(globalThis, "setTimeout").mockImplementation(timer as never);
        ids.push(...(await append(company)));
        await hub.notify();
        expect([reads, timers]).toEqual([1, []]);
        vi.setSystemTime(Date.now() + 20);
        const gathered: Promise<void>[] = [];
        for (let n = 0; n < 3; n++) {
          ids.push(...(await append(company)));
          gathered.push(hub.notify());
        }
        expect([reads, timers]).toEqual([1, [[expect.any(Function), 30]]]);
        timers[0]?.[0]();
        await Promise.all(gathered);
        expect(reads).toBe(2);
        vi.setSystemTime(Date.now() + 50);
        ids.push(...(await append(company)));
        await hub.notify();
        expect([reads, timers.length]).toEqual([3, 1]);
      };
      await inObject(company, observed, notifying, observe);
      expect(messagesIn(await take(stream, ids.length))).toEqual(ids);
      await stream.close();
    });

    it("loses nothing when it is evicted while it gathers: its caller notifies again", async () => {
      const { stream } = await connect(client.token);
      const ids = await append(company);
      await hubOf(company).notify();
      ids.push(...(await append(company)));
      const queue: Queued[] = [];
      const deferred: Promise<unknown>[] = [];

      notifyHub(
        createContext(
          faultyEnv(() => null, queue),
          { waitUntil: (work) => void deferred.push(work) },
        ),
        company,
      );
      await evictDurableObject(hubOf(company));
      await Promise.all(deferred);
      await drain(queue, env);
      expect(messagesIn(await take(stream, 2))).toEqual(ids);
      await stream.close();
    });
  });

  it("closes a client that does not read, while another gets all events", async () => {
    const idle = await openStream(client.token);
    await idle.next();
    const reader = await follow(client.token);
    let written = 0;
    await waitFor(async () => {
      await append(company, 200);
      await hubOf(company).notify();
      written += 200;
      await waitFor(() => expect(reader.events).toHaveLength(1 + written));
      expect(await socketsOf(company)).toBe(1);
    }, 1);
    await reader.close();
    // Events written before the close arrive, and then the end.
    let read = 0;
    while (await idle.next()) read++;
    expect(read).toBeGreaterThan(0);
    expect(read).toBeLessThan(written);
  });
});

describe("GET /events", () => {
  it("is 400 for a limit out of range, and names the range", async () => {
    for (const limit of ["0", "1001", "-1", "x", ""]) {
      const { status, body } = await client.call("GET", `/events?limit=${limit}`);
      expect([status, body.detail]).toEqual([400, expect.stringMatching(/^limit: must be/)]);
    }
  });

  it("without `since` has only the position to start from", async () => {
    await append(company);
    const { body } = await client.call("GET", "/events");
    expect(body).toEqual({ items: [], position: expect.any(String), has_more: false });
  });

  it("pages through the log; each page and event can be resumed from, also by a stream", async () => {
    const ids = [];
    const start = await now(client);
    ids.push(...(await append(company, 7)));
    const seen: { id: string; message_id: string }[] = [];
    for (let since = start, more = true; more; ) {
      const { body } = await client.call("GET", `/events?since=${since}&limit=3`);
      seen.push(...body.items);
      since = body.position;
      more = body.has_more;
    }
    expect(seen.map(({ message_id }) => message_id)).toEqual(ids);
    const { stream } = await connect(client.token, { "last-event-id": seen[3]!.id });
    expect(messagesIn(await take(stream, 3))).toEqual(ids.slice(4));
    await stream.close();
  });
});

describe("a list, then a stream from its position", () => {
  let account: AccountResponse;
  beforeAll(async () => {
    client = await createClient();
    account = await connectMailbox(client);
  });

  it.each([
    "/inbox",
    "/inbox?is_read=false",
    "/inbox?page=9",
    "/messages",
    "/messages?page=9",
    "/threads",
    "/accounts",
  ])("misses nothing after GET %s", async (path) => {
    const owner = await createClient({ companies: [account.company_id] });
    const before = await owner.call("GET", path);
    const position = before.headers.get("last-event-id");
    expect(before.headers.get("access-control-expose-headers")).toContain("last-event-id");
    const subject = `After ${unique()}`;
    await receiveMail({ from: { email: "c@out.example" }, to: [{ email: account.email_address }], subject });
    const id = await eventually(async () => {
      const { body } = await owner.call("GET", "/messages");
      expect(body.items[0].subject).toBe(subject);
      return body.items[0].id;
    });
    const token = await signToken(owner.claims);
    const { stream } = await connect(`token=${token}&last_event_id=${position}`);
    expect(await stream.next()).toMatchObject({ event: "message.created", data: { message_id: id } });
    await stream.close();
  });
});
