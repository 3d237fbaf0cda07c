import { applyD1Migrations } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { beforeAll, describe, expect, it } from "vitest";
import { formatPosition, positionAt } from "../../src/ems/events/position.ts";
import { entryIdOf } from "../../src/lib/ids.ts";
import { type Client, createClient } from "../support/client.ts";

// A database of the first version, with rows in all its tables of state, and what its users see after all later
// migrations.

const [ONE, TWO] = [11, 12];
const MESSAGES = 60;
const USERS = [
  { user_id: 1, companies: [ONE] },
  { user_id: 2, companies: [ONE] },
  { user_id: 3, companies: [ONE, TWO] },
];
const ACCOUNTS = [
  { id: uuid("a", 1), company_id: ONE },
  { id: uuid("a", 2), company_id: ONE },
  { id: uuid("a", 3), company_id: TWO },
];

/** The events that are left: their ids, companies, and users if they are private. */
const LOG = [
  [1, ONE, null],
  [2, ONE, 1],
  [3, TWO, null],
  [4, ONE, 2],
  [5, ONE, null],
  [6, TWO, 3],
] as const;

interface Message {
  id: string;
  account_id: string;
  company_id: number;
  at: number;
}

interface State {
  user_id: number;
  message: Message;
  flags: [is_read: number, is_starred: number, is_archived: number];
}

function uuid(kind: string, n: number): string {
  return `01900000-0000-7000-800${kind}-${n.toString(16).padStart(12, "0")}`;
}

const messages: Message[] = [];
const states: State[] = [];
const clients = new Map<number, Client>();
/** The id of a deleted event, the newest that there was: clients have it as their position. */
let newest: number;

/** The statements that fill the database, for one batch. */
const filling: D1PreparedStatement[] = [];
const add = (sql: string, ...values: unknown[]) => filling.push(env.DB.prepare(sql).bind(...values));

function addMessage(account: (typeof ACCOUNTS)[number], n: number, at: number): Message {
  const message = { id: uuid("b", n), account_id: account.id, company_id: account.company_id, at };
  const thread = uuid("c", Math.floor(n / 3));
  add(
    `INSERT INTO ems_threads (id, company_id, account_id, subject, first_message_at, last_message_at, created_at)
     VALUES (?, ?, ?, 'Subject', ?, ?, 1) ON CONFLICT DO NOTHING`,
    ...[thread, account.company_id, account.id, at, at],
  );
  add(
    `INSERT INTO ems_messages (id, company_id, account_id, thread_id, provider_message_id, from_address, to_addresses,
       subject, direction, has_attachments, sent_at, created_at, observed_at, applied_by, body_text)
     VALUES (?, ?, ?, ?, ?, 'c@out.example', '[]', 'Subject', ?, 0, ?, 1, 1, 'x', 'text')`,
    ...[message.id, account.company_id, account.id, thread, `p${n}`, n % 5 ? "inbound" : "outbound", at],
  );
  messages.push(message);
  return message;
}

function addState(state: State): void {
  const { user_id, message, flags } = state;
  add(
    `INSERT INTO ems_inbox_entries (user_id, message_id, company_id, account_id, sent_at, is_read, is_starred, is_archived)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?)`,
    ...[user_id, message.id, message.company_id, message.account_id, message.at, ...flags],
  );
  states.push(state);
}

const addEvent = (id: number, company: number, user: number | null) =>
  add(
    "INSERT INTO ems_events (id, company_id, user_id, type, message_id, cause, created_at) VALUES (?, ?, ?, ?, ?, ?, unixepoch())",
    ...[id, company, user, user ? "inbox.updated" : "message.updated", uuid("b", id), `cause ${id}`],
  );

async function fill(): Promise<void> {
  for (const [nth, { id, company_id }] of ACCOUNTS.entries()) {
    add(
      "INSERT INTO ems_accounts (id, company_id, email_address, provider, status, created_at) VALUES (?, ?, ?, 'gmail', 'active', 1)",
      ...[id, company_id, `box${nth}@demo.example`],
    );
  }
  for (const [nth, account] of ACCOUNTS.entries()) {
    const mine: Message[] = [];
    for (let n = 0; n < MESSAGES; n++)
      mine.push(addMessage(account, nth * 1000 + n * 3, 1_700_000_000 + n * 10));
    for (const { user_id, companies } of USERS) {
      if (!companies.includes(account.company_id)) continue;
      const isDense = (n: number) => n >= 10 && n <= 40 && user_id !== 2;
      for (const [n, message] of mine.entries()) {
        if ((n * user_id) % 4 === 1 && !isDense(n)) continue;
        const flags: State["flags"] = [(n >> 1) & 1, n % 7 === 0 ? 1 : 0, (n + user_id) % 6 === 0 ? 1 : 0];
        addState({ user_id, message, flags });
      }
      if (user_id === 2) continue;
      add(
        "INSERT INTO ems_inbox_stretches VALUES (?, ?, ?, ?, ?, ?)",
        ...[user_id, account.id, mine[40]?.at, mine[40]?.id, mine[10]?.at, mine[10]?.id],
      );
    }
    // Comes late: inside of ranges, where its users have no entry.
    addMessage(account, nth * 1000 + 500, 1_700_000_255);
  }
  for (const [id, company, user] of [...LOG, [7, ONE, 1] as const]) addEvent(id, company, user);
  add("DELETE FROM ems_events WHERE id = 7");
  newest = 7;
  add(
    `INSERT INTO ems_outbox (id, company_id, account_id, user_id, state, provider_key, idempotency_key, mail, mail_digest,
       subject, to_addresses, send_at, created_at, updated_at)
     VALUES (?, ?, ?, 1, 'sent', 'k', 'mine', NULL, 'd', 'Outgoing', '[]', 1, unixepoch(), unixepoch())`,
    ...[uuid("d", 1), ONE, ACCOUNTS[0]?.id],
  );
  await env.DB.batch(filling);
}

beforeAll(async () => {
  const { results } = await env.DB.prepare(
    "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite%' AND name NOT LIKE '!_cf%' ESCAPE '!'",
  ).all<{ name: string }>();
  await env.DB.batch(results.map(({ name }) => env.DB.prepare(`DROP TABLE ${name}`)));
  await applyD1Migrations(
    env.DB,
    env.TEST_MIGRATIONS.filter(({ name }) => name < "0010"),
  );
  await fill();
  await applyD1Migrations(env.DB, env.TEST_MIGRATIONS);
  for (const claims of USERS) clients.set(claims.user_id, await createClient(claims));
});

/** What a user sees, from the rows of the first version. */
function seenBy({ user_id, companies }: (typeof USERS)[number]) {
  const mine = new Map(
    states.filter((state) => state.user_id === user_id).map(({ message, flags }) => [message.id, flags]),
  );
  return messages
    .filter(({ company_id }) => companies.includes(company_id))
    .toSorted((a, b) => b.at - a.at || (a.id < b.id ? 1 : -1))
    .map(({ id, account_id }) => {
      const [is_read = 0, is_starred = 0, is_archived = 0] = mine.get(id) ?? [];
      return {
        ...{ id: entryIdOf(user_id, id), account_id },
        ...{ is_read: is_read === 1, is_starred: is_starred === 1, is_archived: is_archived === 1 },
      };
    });
}

type Seen = ReturnType<typeof seenBy>[number];

const FILTERS: Record<string, (entry: Seen) => boolean> = {
  "": (entry) => !entry.is_archived,
  "is_read=true": (entry) => entry.is_read && !entry.is_archived,
  "is_read=false": (entry) => !entry.is_read && !entry.is_archived,
  "is_starred=true": (entry) => entry.is_starred && !entry.is_archived,
  "is_archived=true": (entry) => entry.is_archived,
  "is_archived=true&is_starred=true&is_read=false": (entry) =>
    entry.is_archived && entry.is_starred && !entry.is_read,
};

describe.each(USERS)("user $user_id", (user) => {
  const get = async (path: string) => (await clients.get(user.user_id)!.call("GET", path)).body;

  it.each(Object.keys(FILTERS))("sees the same inbox as before with ?%s", async (query) => {
    const wanted = seenBy(user).filter((entry) => FILTERS[query]?.(entry));
    const items: Seen[] = [];
    let next = "";
    do {
      const { total, next_cursor, ...page } = await get(`/inbox/?size=50&${query}${next}`);
      expect(total).toBe(wanted.length);
      items.push(...page.items);
      next = next_cursor && `&cursor=${encodeURIComponent(next_cursor)}`;
    } while (next);
    expect(items).toMatchObject(wanted.map(({ account_id: _, ...entry }) => entry));
    expect(items).toHaveLength(wanted.length);
  });

  it("has the same unread counts as before", async () => {
    const unread = seenBy(user).filter((entry) => FILTERS["is_read=false"]?.(entry));
    const counts = await get("/inbox/unread-counts");
    expect(
      counts.map(({ account_id, unread_count }: Record<string, unknown>) => [account_id, unread_count]),
    ).toEqual(
      ACCOUNTS.filter(({ company_id }) => user.companies.includes(company_id)).map(({ id }) => [
        id,
        unread.filter(({ account_id }) => account_id === id).length,
      ]),
    );
  });

  it("resumes at each earlier position with the same events", async () => {
    for (let since = 0; since <= newest; since++) {
      const position = formatPosition(positionAt(user.companies, () => since));
      const { items } = await get(`/events?since=${encodeURIComponent(position)}`);
      const wanted = LOG.filter(
        ([id, company, audience]) =>
          id > since && user.companies.includes(company) && (audience === null || audience === user.user_id),
      );
      expect(items.map(({ message_id }: { message_id: string }) => message_id)).toEqual(
        wanted.map(([id]) => uuid("b", id)),
      );
    }
  });
});

it("the sender still has the outbox entry", async () => {
  const { body } = await clients.get(1)!.call("GET", "/outbox/");
  expect(body.items).toMatchObject([{ id: uuid("d", 1), subject: "Outgoing" }]);
});

it("counters equal counts from scratch", async () => {
  const counters = await env.DB.prepare(`
    SELECT user_id, account_id, key AS place, value AS count FROM ems_inbox_counters, json_each(states)
    WHERE value <> 0 ORDER BY 1, 2, 3`).all();
  const counted = await env.DB.prepare(`
    SELECT user_id, account_id, folder || state AS place, count(*) AS count FROM ems_inbox_entries WHERE state > 0
    GROUP BY 1, 2, 3 ORDER BY 1, 2, 3`).all();
  expect(counted.results.length).toBeGreaterThan(30);
  expect(counters.results).toEqual(counted.results);
});

it("the next event has a new id, although the newest one was deleted, and reaches who has that id", async () => {
  const client = clients.get(2)!;
  const since = formatPosition(positionAt([ONE], () => newest));
  const [first] = seenBy(USERS[1]!);
  expect((await client.call("PATCH", `/inbox/${first!.id}/star`, { is_starred: true })).status).toBe(200);
  const { body } = await client.call("GET", `/events?since=${encodeURIComponent(since)}`);
  expect(body.items).toMatchObject([{ type: "inbox.updated" }]);
  expect(await env.DB.prepare("SELECT max(id) AS id FROM ems_events").first("id")).toBe(newest + 1);
});

it("a late message appears to whoever has a dense range around it, and counts stay right", async () => {
  const late = messages.find(({ at }) => at % 10 === 5)!;
  const client = clients.get(1)!;
  const before = (await client.call("GET", "/inbox/unread-counts")).body;
  const { status } = await client.call("PATCH", `/inbox/${entryIdOf(1, late.id)}/read`);
  expect(status).toBe(200);
  const after = (await client.call("GET", "/inbox/unread-counts")).body;
  expect(after[0].unread_count).toBe(before[0].unread_count - 1);
  const { body } = await client.call("GET", "/inbox/?is_read=false&size=100");
  expect(body.total).toBe(after[0].unread_count + after[1].unread_count);
});
