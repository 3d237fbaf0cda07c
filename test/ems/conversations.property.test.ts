import { env } from "cloudflare:workers";
import fc from "fast-check";
import { expect, it } from "vitest";
import { createContext } from "../../src/ems/context.ts";
import type { Conversation } from "../../src/ems/conversations/responses.ts";
import { VIEWS } from "../../src/ems/conversations/schemas.ts";
import { HIDDEN_FOLDERS } from "../../src/ems/folders.ts";
import { applyMessage } from "../../src/ems/ingest/apply.ts";
import { deleteMessage } from "../../src/ems/ingest/deletion.ts";
import { entryIdOf } from "../../src/lib/ids.ts";
import { type BulkAccount, createBulkAccount } from "../support/bulk.ts";
import { type Client, createClient, unique } from "../support/client.ts";
import { dbOf } from "../support/db.ts";

const ctx = createContext(env, { waitUntil: () => {} });

type Field = "is_read" | "is_starred" | "is_archived";
type Changes = Partial<Record<Field, boolean>>;

/** A message with a user's state, as the rows have it. */
interface Row extends Record<Field, 0 | 1> {
  id: string;
  thread_id: string;
  account_id: string;
  folder: string;
  direction: "inbound" | "outbound";
  from_address: string;
  sent_at: number;
}

const FOLDERS = ["INBOX", "SENT", "SPAM", "TRASH", "ARCHIVE"];
const PEOPLE = ["ann@out.example", "Ann@out.example", "bob@out.example", "eve@out.example"];

const isHidden = ({ folder }: Row) => HIDDEN_FOLDERS.includes(folder);

/** Two companies with a mailbox or two, and two users of both. */
class World {
  readonly accounts: BulkAccount[];
  readonly users: Client[];
  #observedAt = 1;
  readonly #mails: { account: BulkAccount; id: string }[] = [];

  constructor(accounts: BulkAccount[], users: Client[]) {
    this.accounts = accounts;
    this.users = users;
  }

  static async create(messages: number): Promise<World> {
    const first = await createBulkAccount(messages);
    const accounts = [first, await createBulkAccount(3, first.company_id), await createBulkAccount(3)];
    const companies = [...new Set(accounts.map(({ company_id }) => company_id))];
    const users = [await createClient({ companies }), await createClient({ companies })];
    return new World(accounts, users);
  }

  async receive(account: BulkAccount, { thread, at, folder, from, count }: Received): Promise<void> {
    for (let nth = 0; nth < count; nth++) {
      const id = `m${unique()}`;
      this.#mails.push({ account, id });
      await this.#tell(account, id, {
        thread_id: `t${thread}`,
        date: 1_700_000_000 + at + nth,
        folders: [FOLDERS[folder]],
        from: { email: PEOPLE[from] ?? account.email_address, name: null },
        subject: `Thread ${thread}`,
      });
    }
  }

  async move(nth: number, folder: number): Promise<void> {
    const mail = this.#mails[nth % this.#mails.length];
    if (mail) await this.#tell(mail.account, mail.id, { folders: [FOLDERS[folder]!] });
  }

  async delete(nth: number): Promise<void> {
    const [mail] = this.#mails.splice(nth % Math.max(1, this.#mails.length), 1);
    if (mail) await deleteMessage(ctx, mail.account, mail.id, this.#observedAt++);
  }

  #tell = (account: BulkAccount, id: string, more: object) =>
    applyMessage(ctx, account, {
      message: { id, ...more },
      observedAt: this.#observedAt++,
      cause: `c${unique()}`,
    });

  /** All messages with a user's state, newest first. */
  async rows({ claims }: Client): Promise<Row[]> {
    const parts = claims.companies.map(async (company) => {
      const { results } = await dbOf(company)
        .prepare(
          `SELECT m.id, m.thread_id, m.account_id, m.folder, m.direction, m.from_address, m.sent_at,
             coalesce(e.is_read, 0) AS is_read, coalesce(e.is_starred, 0) AS is_starred,
             coalesce(e.is_archived, 0) AS is_archived
           FROM ems_messages m LEFT JOIN ems_inbox_entries e ON e.message_id = m.id AND e.user_id = ?
           WHERE m.company_id = ?`,
        )
        .bind(claims.user_id, company)
        .all<Row>();
      return results;
    });
    const rows = (await Promise.all(parts)).flat();
    return rows.sort((a, b) => b.sent_at - a.sent_at || (a.id < b.id ? 1 : -1));
  }

  /** Changes a conversation or two, and compares with what ought to change. */
  async change(user: Client, nth: number, changes: Changes, isUndone: boolean): Promise<void> {
    const [before, others] = [await this.rows(user), await this.rows(this.#other(user))];
    const threads = [nth, nth + 1].map((n) => before[n % before.length]!.thread_id);
    const isBulk = nth % 3 === 0;
    const changed = isBulk
      ? await this.#changeAll(user, threads, changes)
      : await this.#changeOne(user, threads[0]!, changes);
    const wanted = [...new Set(isBulk ? threads : threads.slice(0, 1))].map((thread) =>
      before.filter((row) => row.thread_id === thread && !isHidden(row)),
    );
    for (const [field, value] of Object.entries(changes) as [Field, boolean][]) {
      const expected = wanted.flatMap((messages) => toChange(messages, field, value));
      const ids = expected.map(({ id }) => entryIdOf(user.claims.user_id, id));
      expect(changed[field]?.toSorted(), `${field} ${value}`).toEqual(ids.toSorted());
    }
    expect(Object.keys(changed).sort()).toEqual(Object.keys(changes).sort());
    if (!isUndone) return;
    for (const [field, ids] of Object.entries(changed)) {
      const opposite = { [field]: !changes[field as Field] };
      if (ids.length > 0) await user.call("PATCH", "/inbox", { ids, changes: opposite });
    }
    expect(await this.rows(user)).toEqual(before);
    expect(await this.rows(this.#other(user))).toEqual(others);
  }

  #other = (user: Client): Client => this.users.find((each) => each !== user) as Client;

  async #changeOne(user: Client, thread: string, changes: Changes): Promise<Record<Field, string[]>> {
    const { status, body } = await user.call("PATCH", `/conversations/${thread}`, changes);
    expect(status).toBe(200);
    return body.changed;
  }

  async #changeAll(user: Client, thread_ids: string[], changes: Changes): Promise<Record<Field, string[]>> {
    const { status, body } = await user.call("PATCH", "/conversations", { thread_ids, changes });
    expect([status, body.not_found]).toEqual([200, []]);
    return body.changed;
  }

  async touch(user: Client, nth: number, changes: Changes): Promise<void> {
    const rows = await this.rows(user);
    const { id } = rows[nth % rows.length]!;
    await user.call("PATCH", "/inbox", { ids: [entryIdOf(user.claims.user_id, id)], changes });
  }

  /** Walks a view, and compares all pages with the model. */
  async expectView(user: Client, { view, unread, account, size }: Asked): Promise<void> {
    const accountId = account === null ? undefined : this.accounts[account % this.accounts.length]?.id;
    const query = [
      `view=${view}&size=${size}`,
      unread && "is_read=false",
      accountId && `account_id=${accountId}`,
    ];
    const path = `/conversations?${query.filter(Boolean).join("&")}`;
    const found: Conversation[] = [];
    let pages = 0;
    for (let cursor: string | null = ""; cursor !== null; pages++) {
      const answer: { status: number; body: { items: Conversation[]; next_cursor: string | null } } =
        await user.call("GET", `${path}${cursor && `&cursor=${cursor}`}`);
      expect(answer.status).toBe(200);
      expect(answer.body.items.length).toBeLessThanOrEqual(size);
      found.push(...answer.body.items);
      cursor = answer.body.next_cursor;
      expect(pages).toBeLessThan(100);
    }
    const rows = await this.rows(user);
    const expected = modelOf(rows, view, unread, accountId);
    expect(found.map(summaryOf), path).toEqual(expected);
    for (const each of found.slice(0, 2)) {
      const { body } = await user.call("GET", `${path}&thread_id=${each.thread_id}`);
      expect(body).toEqual({ items: [each], next_cursor: null });
    }
  }
}

/** The messages that a change of a conversation changes. @param messages shown ones, newest first */
function toChange(messages: Row[], field: Field, value: boolean): Row[] {
  const [newest] = messages;
  const one =
    field === "is_starred" && value
      ? newest
      : (messages.find(({ direction }) => direction === "inbound") ?? newest);
  const isOne = (field === "is_starred" && value) || (field === "is_read" && !value);
  return messages.filter((row) => row[field] !== Number(value) && (!isOne || row === one));
}

function isInView(row: Row, view: (typeof VIEWS)[number]): boolean {
  if (view === "inbox") return row.folder === "inbox" && !row.is_archived;
  if (view === "all") return !isHidden(row);
  if (view === "starred") return !isHidden(row) && row.is_starred === 1;
  if (view === "archived") return !isHidden(row) && row.is_archived === 1;
  return row.folder === view;
}

/** The conversations of a view, as a simple model has them. @param rows newest first */
function modelOf(rows: Row[], view: (typeof VIEWS)[number], unread: boolean, accountId: string | undefined) {
  const isHiddenView = HIDDEN_FOLDERS.includes(view);
  const isPersonal = unread || ["inbox", "starred", "archived"].includes(view);
  const listed = rows.filter(
    (row) =>
      isInView(row, view) &&
      (!unread || !row.is_read) &&
      (accountId === undefined || row.account_id === accountId),
  );
  const heads = [...Map.groupBy(listed, ({ thread_id }) => thread_id).values()].map(([head]) => head as Row);
  const keyOf = ({ id, thread_id }: Row) => (isPersonal ? id : thread_id);
  heads.sort((a, b) => b.sent_at - a.sent_at || (keyOf(a) < keyOf(b) ? 1 : -1));
  return heads.map((head) => {
    const messages = rows.filter((row) => row.thread_id === head.thread_id && isHidden(row) === isHiddenView);
    const received = messages.filter(({ direction }) => direction === "inbound");
    const archivable = received.length ? received : messages;
    return {
      thread_id: head.thread_id,
      message: head.id,
      at: head.sent_at,
      message_count: messages.length,
      unread_count: messages.filter(({ is_read }) => !is_read).length,
      is_starred: messages.some(({ is_starred }) => is_starred),
      is_archived: archivable.every(({ is_archived }) => is_archived),
      participants: [...new Set(messages.map(({ from_address }) => from_address.toLowerCase()))].slice(0, 5),
    };
  });
}

const summaryOf = (found: Conversation) => ({
  thread_id: found.thread_id,
  message: found.message.id,
  at: Date.parse(found.last_message_at) / 1000,
  message_count: found.message_count,
  unread_count: found.unread_count,
  is_starred: found.is_starred,
  is_archived: found.is_archived,
  participants: found.participants.map(({ email }) => email.toLowerCase()),
});

const nth = fc.nat(1000);
const isMe = fc.boolean();
/** Some come in bursts, longer than a window of a small page. */
const mail = fc.record({
  ...{ thread: fc.nat(3), at: fc.nat(70), from: fc.nat(4) },
  folder: fc.oneof(fc.constant(0), fc.nat(4)),
  count: fc.constantFrom(1, 1, 9),
});
type Received = typeof mail extends fc.Arbitrary<infer Each> ? Each : never;
const changes = fc
  .record(
    { is_read: fc.boolean(), is_starred: fc.boolean(), is_archived: fc.boolean() },
    { requiredKeys: [] },
  )
  .filter((some) => Object.keys(some).length > 0);
const asked = fc.record({
  view: fc.constantFrom(...VIEWS),
  unread: fc.boolean(),
  account: fc.option(fc.nat(2)),
  size: fc.constantFrom(1, 2, 2, 3, 4, 12),
});
type Asked = typeof asked extends fc.Arbitrary<infer Each> ? Each : never;

type Step = (world: World) => Promise<void>;
const userOf = (world: World, isFirst: boolean) => world.users[isFirst ? 0 : 1] as Client;
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.tuple(nth, mail).map(
      ([n, one]): Step =>
        (world) =>
          world.receive(world.accounts[n % world.accounts.length]!, one),
    ),
  },
  {
    weight: 2,
    arbitrary: fc.tuple(nth, fc.nat(4)).map(
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
          world.delete(n),
    ),
  },
  {
    weight: 4,
    arbitrary: fc.tuple(isMe, nth, changes).map(
      ([isFirst, n, some]): Step =>
        (world) =>
          world.touch(userOf(world, isFirst), n, some),
    ),
  },
  {
    weight: 4,
    arbitrary: fc.tuple(isMe, nth, changes, fc.boolean()).map(
      ([isFirst, n, some, isUndone]): Step =>
        (world) =>
          world.change(userOf(world, isFirst), n, some, isUndone),
    ),
  },
  {
    weight: 3,
    arbitrary: fc.tuple(isMe, asked).map(
      ([isFirst, query]): Step =>
        (world) =>
          world.expectView(userOf(world, isFirst), query),
    ),
  },
);

it("the pages of each view have each conversation of a simple model once and in order, and a change can be undone", async () => {
  const steps = fc.array(step, { minLength: 10, maxLength: 40, size: "max" });
  const questions = fc.array(fc.tuple(isMe, asked), { minLength: 8, maxLength: 8 });
  await fc.assert(
    fc.asyncProperty(fc.constantFrom(4, 70), steps, questions, async (messages, some, asks) => {
      const world = await World.create(messages);
      for (const one of some) await one(world);
      for (const [isFirst, query] of asks) await world.expectView(userOf(world, isFirst), query);
    }),
    { numRuns: 15, endOnFailure: true },
  );
});
