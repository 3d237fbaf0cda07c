import { env } from "cloudflare:workers";
import fc from "fast-check";
import { expect, it } from "vitest";
import { createContext } from "../../src/ems/context.ts";
import { FOLDERS, type Folder, HIDDEN_FOLDERS } from "../../src/ems/folders.ts";
import { applyMessage } from "../../src/ems/ingest/apply.ts";
import { deleteMessage } from "../../src/ems/ingest/deletion.ts";
import { entryIdOf } from "../../src/lib/ids.ts";
import { type Client, connectMailbox, createClient, unique } from "../support/client.ts";

const ctx = createContext(env, { waitUntil: () => {} });

interface Entry {
  id: string;
  provider_id: string;
  at: number;
  folder: Folder;
  is_read: boolean;
  is_starred: boolean;
  is_archived: boolean;
}

/** The provider's folder names. */
const NAMES: Partial<Record<Folder, string>> = {
  inbox: "INBOX",
  sent: "SENT",
  junk: "SPAM",
  trash: "TRASH",
  archive: "Archive",
};
const folder = fc.constantFrom(...(Object.keys(NAMES) as Folder[]));

const APPLY = {
  read: (entry: Entry) => {
    entry.is_read = true;
  },
  unread: (entry: Entry) => {
    entry.is_read = false;
  },
  star: (entry: Entry) => {
    entry.is_starred = !entry.is_starred;
  },
  unstar: (entry: Entry) => {
    entry.is_starred = false;
  },
  archive: (entry: Entry) => {
    entry.is_archived = true;
  },
  unarchive: (entry: Entry) => {
    entry.is_archived = false;
  },
};

const step = fc.oneof(
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant("receive" as const),
      at: fc.integer({ min: 1, max: 9 }),
      folder,
      thread: fc.nat(2),
    }),
  },
  {
    weight: 5,
    arbitrary: fc.record({
      kind: fc.constant("change" as const),
      change: fc.constantFrom(...(Object.keys(APPLY) as (keyof typeof APPLY)[])),
      which: fc.nat(20),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant("move" as const),
      which: fc.nat(20),
      folder,
      thread: fc.option(fc.nat(2)),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("delete" as const), which: fc.nat(20) }) },
);

const flag = fc.constantFrom(undefined, true, false);
const asked = fc.record({
  is_read: flag,
  is_starred: flag,
  is_archived: flag,
  folder: fc.constantFrom(undefined, "all" as const, ...FOLDERS),
  isOfAccount: fc.boolean(),
});
type Asked = typeof asked extends fc.Arbitrary<infer Each> ? Each : never;

const isIn = (wanted: Asked["folder"], { folder }: Entry): boolean =>
  wanted === undefined ? !HIDDEN_FOLDERS.includes(folder) : wanted === "all" || wanted === folder;

const newestFirst = (entries: Entry[]): Entry[] =>
  entries.toSorted((a, b) => b.at - a.at || (a.id < b.id ? 1 : -1));

const queryOf = (parts: Record<string, unknown>): string =>
  Object.entries({ size: 100, ...parts })
    .flatMap(([name, value]) => (value === undefined ? [] : `${name}=${value}`))
    .join("&");

async function expectInbox(client: Client, accountId: string, entries: Entry[], asked: Asked): Promise<void> {
  const { is_read, is_starred, is_archived, folder, isOfAccount } = asked;
  const is = (wanted: boolean | undefined, flag: boolean) => wanted === undefined || wanted === flag;
  const wanted = newestFirst(
    entries.filter(
      (entry) =>
        isIn(folder, entry) &&
        is(is_read, entry.is_read) &&
        is(is_starred, entry.is_starred) &&
        (is_archived ?? false) === entry.is_archived,
    ),
  );
  const account_id = isOfAccount ? accountId : undefined;
  const path = `/inbox/?${queryOf({ is_read, is_starred, is_archived, folder, account_id })}`;
  const { body } = await client.call("GET", path);
  const shown = ({ id, folder, is_read, is_starred, is_archived }: Entry) => ({
    ...{ is_read, is_starred, is_archived },
    message: { id, folder },
  });
  expect(body.total, path).toBe(wanted.length);
  expect(body.items, path).toMatchObject(wanted.map(shown));
  expect(body.items.length, path).toBe(wanted.length);
  for (const item of body.items.slice(0, 2)) {
    expect((await client.call("GET", `/inbox/${item.id}`)).body).toEqual(item);
    const { thread_id } = item.message;
    const { body: thread } = await client.call(
      "GET",
      `/inbox/?${queryOf({ is_read, is_starred, is_archived, folder, account_id, thread_id })}`,
    );
    const ofThread = body.items.filter(({ message }: typeof item) => message.thread_id === thread_id);
    expect({ total: thread.total, items: thread.items }).toEqual({ total: ofThread.length, items: ofThread });
  }
}

/** Messages must equal the model, and threads must match their messages. */
async function expectLists(client: Client, entries: Entry[]): Promise<void> {
  for (const folder of [undefined, "all" as const, ...FOLDERS]) {
    const { body: messages } = await client.call("GET", `/messages/?${queryOf({ folder })}`);
    const wanted = newestFirst(entries.filter((entry) => isIn(folder, entry)));
    const ids = messages.items.map(({ id }: { id: string }) => id);
    expect({ folder, total: messages.total, ids }).toEqual({
      ...{ folder, total: wanted.length },
      ids: wanted.map(({ id }) => id),
    });
    const counts = new Map<string, number>();
    for (const { thread_id } of messages.items) counts.set(thread_id, (counts.get(thread_id) ?? 0) + 1);
    const { body: threads } = await client.call("GET", `/threads/?${queryOf({ folder })}`);
    expect({ folder, total: threads.total }).toEqual({ folder, total: counts.size });
    const got = threads.items.map(({ id }: { id: string }) => id);
    expect(got.toSorted()).toEqual([...counts.keys()].toSorted());
    if (folder === "all") continue;
    for (const { id, message_count } of threads.items) {
      expect({ folder, id, message_count }).toEqual({ folder, id, message_count: counts.get(id) });
      const { body } = await client.call("GET", `/messages/?${queryOf({ folder, thread_id: id })}`);
      expect({ total: body.total, n: body.items.length }).toEqual({ total: message_count, n: message_count });
    }
  }
  const { body: unread } = await client.call("GET", "/inbox/unread-counts");
  const isUnread = (entry: Entry) => isIn(undefined, entry) && !entry.is_archived && !entry.is_read;
  expect(unread[0].unread_count).toBe(entries.filter(isUnread).length);
}

it("after any steps, lists, totals and counts equal those of a simple model", async () => {
  const questions = fc.array(asked, { minLength: 12, maxLength: 12 });
  await fc.assert(
    fc.asyncProperty(
      fc.array(step, { minLength: 5, maxLength: 40, size: "max" }),
      questions,
      async (steps, asked) => {
        const client = await createClient();
        const account = await connectMailbox(client);
        const entries: Entry[] = [];
        let observedAt = 1;
        const tell = (id: string, folder: Folder, more: object) => {
          const message = { id, folders: [NAMES[folder] ?? ""], subject: id, ...more };
          return applyMessage(ctx, account, { message, observedAt: observedAt++, cause: `c${unique()}` });
        };
        const first = { kind: "receive" as const, at: 5, folder: "inbox" as const, thread: 0 };
        for (const each of [first, ...steps]) {
          if (each.kind === "receive") {
            const provider_id = `m${unique()}`;
            const { at, folder } = each;
            const { id } = await tell(provider_id, folder, { thread_id: `t${each.thread}`, date: at });
            const untouched = { is_read: false, is_starred: false, is_archived: false };
            entries.push({ id: id!, provider_id, at, folder, ...untouched });
            continue;
          }
          const entry = entries[each.which % entries.length];
          if (!entry) continue;
          if (each.kind === "change") {
            const path = `/inbox/${entryIdOf(client.claims.user_id, entry.id)}/${each.change}`;
            expect((await client.call("PATCH", path, {})).status).toBe(200);
            APPLY[each.change](entry);
          } else if (each.kind === "move") {
            // A provider thread can merge two threads.
            await tell(
              entry.provider_id,
              each.folder,
              each.thread === null ? {} : { thread_id: `t${each.thread}` },
            );
            entry.folder = each.folder;
          } else {
            await deleteMessage(ctx, account, entry.provider_id, observedAt++);
            entries.splice(entries.indexOf(entry), 1);
          }
        }
        for (const each of asked) await expectInbox(client, account.id, entries, each);
        await expectLists(client, entries);
      },
    ),
    { numRuns: 15, endOnFailure: true },
  );
});
