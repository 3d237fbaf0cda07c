import { env } from "cloudflare:workers";
import * as fc from "fast-check";
import { expect, it } from "vitest";
import { createContext } from "../../src/ems/context.ts";
import { parsePosition } from "../../src/ems/events/position.ts";
import { applyMessage } from "../../src/ems/ingest/apply.ts";
import { deleteMessage } from "../../src/ems/ingest/deletion.ts";
import type { SentByUser } from "../../src/ems/ingest/update.ts";
import type { ProviderMessage } from "../../src/ems/provider/port.ts";
import { type BulkAccount, createBulkAccount } from "../support/bulk.ts";
import { type Client, createClient, unique } from "../support/client.ts";
import { db } from "../support/db.ts";
import { LiveInbox } from "../support/live-inbox.ts";
import { openStream, type Stream } from "../support/stream.ts";
import { waitFor } from "../support/wait.ts";

const FOLDERS = ["INBOX", "SENT", "SPAM", "TRASH", "ARCHIVE"];
const CHANGES = ["read", "unread", "star", "archive", "unarchive", "thread"];

let clock = Date.now();

/** A company whose user has open lists, that only events change, and a colleague. */
class World {
  readonly me!: Client;
  readonly colleague!: Client;
  readonly accounts!: BulkAccount[];
  readonly stream!: Stream;
  readonly lists = new LiveInbox();
  /** How many times the lists had to be read again. */
  reloads = 0;
  readonly #mails: { account: BulkAccount; message: ProviderMessage }[] = [];
  readonly #deferred: Promise<unknown>[] = [];
  #at = "";
  #reading: Promise<void> = Promise.resolve();

  constructor(me: Client, colleague: Client, accounts: BulkAccount[], stream: Stream) {
    Object.assign(this, { me, colleague, accounts, stream });
  }

  static async create(messages: number): Promise<World> {
    const company = unique();
    const accounts = [await createBulkAccount(messages, company), await createBulkAccount(3, company)];
    const me = await createClient({ companies: [company] });
    const colleague = await createClient({ companies: [company] });
    const { headers } = await me.call("GET", "/inbox");
    const stream = await openStream(`token=${me.token}&last_event_id=${headers.get("last-event-id")}`);
    const world = new World(me, colleague, accounts, stream);
    await world.lists.load(me);
    world.#reading = world.#read();
    return world;
  }

  async #read(): Promise<void> {
    for (let event = await this.stream.next(); event; event = await this.stream.next()) {
      if (event.event !== "connected") this.lists.apply(event);
      if (this.lists.isStale) {
        this.reloads++;
        await this.lists.load(this.me);
      }
      this.#at = event.id ?? this.#at;
    }
  }

  async receive({ account, folder, reply, age, isMine }: Received): Promise<void> {
    const answered = reply === null ? undefined : this.#mailAt(reply)?.message;
    const id = `mail-${unique()}`;
    const message: ProviderMessage = {
      id,
      thread_id: answered?.thread_id ?? id,
      internet_message_id: `<${id}@out.example>`,
      from: { email: "customer@out.example", name: "Customer" },
      to: [{ email: "box@demo.example", name: null }],
      subject: `Mail "id":"@${crypto.randomUUID()}" ${id}`,
      snippet: `Hello ${id}`,
      date: 1_700_000_100 + (unique() % 1000) - age * 2,
      folders: [FOLDERS[isMine ? 1 : folder % FOLDERS.length]!],
      attachments: [],
    };
    const box = answered ? this.#mailAt(reply ?? 0)!.account : this.accounts[account % 2]!;
    this.#mails.push({ account: box, message });
    const sent: SentByUser = {
      userId: this.me.claims.user_id,
      text: null,
      threadId: null,
      alongside: () => [],
    };
    await this.#apply(this.#mails.length - 1, {}, isMine ? sent : undefined);
  }

  move = (nth: number, folder: number) => this.#apply(nth, { folders: [FOLDERS[folder % FOLDERS.length]!] });

  rename = (nth: number) => this.#apply(nth, { subject: `Renamed ${unique()}` });

  async #apply(nth: number, changes: Partial<ProviderMessage>, sent?: SentByUser): Promise<void> {
    const mail = this.#mailAt(nth);
    if (!mail) return;
    Object.assign(mail.message, changes);
    const update = { message: mail.message, observedAt: ++clock, cause: `cause-${unique()}` };
    await applyMessage(this.#ctx, mail.account, { ...update, ...(sent ? { sent } : {}) });
  }

  async delete(nth: number): Promise<void> {
    const mail = this.#mailAt(nth);
    if (mail) await deleteMessage(this.#ctx, mail.account, mail.message.id, ++clock);
  }

  /** Changes an entry: in another tab of the user, or of a colleague. */
  async touch(isMine: boolean, nth: number, change: number, folder = "all"): Promise<void> {
    const { call } = isMine ? this.me : this.colleague;
    const { items } = (await call("GET", `/inbox?size=100&folder=${folder}`)).body;
    const item = items[nth % items.length];
    if (!item) return;
    const name = CHANGES[change % CHANGES.length];
    await call(
      "PATCH",
      name === "thread" ? `/inbox/threads/${item.message.thread_id}/read` : `/inbox/${item.id}/${name}`,
    );
  }

  /** Waits for all events, and compares the lists with those that are read anew. */
  async expectSame(): Promise<void> {
    await Promise.all(this.#deferred.splice(0));
    const [company] = this.me.claims.companies;
    const newest = await db
      .prepare(
        "SELECT coalesce(max(id), 0) AS id FROM ems_events WHERE company_id = ? AND (user_id IS NULL OR user_id = ?)",
      )
      .bind(company, this.me.claims.user_id)
      .first<number>("id");
    await waitFor(
      () => expect(parsePosition(this.#at)?.get(company!)).toBeGreaterThanOrEqual(newest ?? 0),
      5,
    );
    const { body: inbox } = await this.me.call("GET", "/inbox");
    const { body: threads } = await this.me.call("GET", "/threads");
    const { body: counts } = await this.me.call("GET", "/inbox/unread-counts");
    expect(this.lists.inbox.items.slice(0, 25)).toEqual(inbox.items);
    expect(this.lists.threads.items.slice(0, 25)).toEqual(threads.items);
    expect(this.lists.total("inbox_count")).toBe(inbox.total);
    expect(this.lists.total("thread_count")).toBe(threads.total);
    expect([...this.lists.counts.values()]).toEqual(counts);
  }

  async close(): Promise<void> {
    await this.stream.close();
    await this.#reading;
  }

  #mailAt(nth: number) {
    return this.#mails[nth % Math.max(1, this.#mails.length)];
  }

  get #ctx() {
    return createContext(env, { waitUntil: (work) => void this.#deferred.push(work) });
  }
}

interface Received {
  account: number;
  folder: number;
  reply: number | null;
  age: number;
  isMine: boolean;
}

const nth = fc.nat(1000);
const received = fc.record({
  account: nth,
  folder: fc.oneof({ weight: 3, arbitrary: fc.constant(0) }, nth),
  reply: fc.option(nth),
  age: fc.oneof(fc.constant(0), fc.nat(60)),
  isMine: fc.boolean(),
});
type Step = (world: World) => Promise<void>;
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 5,
    arbitrary: received.map(
      (mail): Step =>
        (world) =>
          world.receive(mail),
    ),
  },
  {
    weight: 2,
    arbitrary: fc.tuple(nth, nth).map(
      ([n, to]): Step =>
        (world) =>
          world.move(n, to),
    ),
  },
  {
    weight: 1,
    arbitrary: nth.map(
      (n): Step =>
        (world) =>
          world.rename(n),
    ),
  },
  {
    weight: 1,
    arbitrary: nth.map(
      (n): Step =>
        (world) =>
          world.delete(n),
    ),
  },
  {
    weight: 4,
    arbitrary: fc.tuple(fc.boolean(), nth, nth).map(
      ([isMine, n, change]): Step =>
        (world) =>
          world.touch(isMine, n, change),
    ),
  },
  { weight: 4, arbitrary: fc.constant<Step>((world) => world.expectSame()) },
);

it("lists that only events change are those of GET /inbox/ and GET /threads/, with their totals", async () => {
  const total = { steps: 0, reloads: 0 };
  const steps = fc.array(step, { minLength: 10, maxLength: 40 });
  const property = fc.asyncProperty(fc.constantFrom(5, 60), steps, async (messages, some) => {
    const world = await World.create(messages);
    for (const one of some) await one(world);
    await world.expectSame();
    await world.close();
    total.steps += some.length;
    total.reloads += world.reloads;
  });
  await fc.assert(property, { numRuns: 12 });
  // Only some steps may need a reload: deletions, merged threads, and messages that leave a short page.
  expect(total.reloads).toBeLessThan(total.steps / 3);
});

it("needs no reload for new mail, own mail, other tabs, colleagues, renamed and moved mail", async () => {
  const world = await World.create(60);
  const mail: Received = { account: 0, folder: 0, reply: null, age: 0, isMine: false };
  for (let n = 0; n < 3; n++) {
    await world.receive(mail);
    await world.receive({ ...mail, reply: n });
    await world.receive({ ...mail, isMine: true });
    await world.rename(n);
    for (const [change] of CHANGES.entries()) {
      await world.touch(true, n, change, "inbox");
      await world.touch(false, n, change, "inbox");
    }
    for (const [folder] of FOLDERS.entries()) await world.move(n, folder);
    await world.expectSame();
  }
  expect(world.reloads).toBe(0);
  await world.close();
});
