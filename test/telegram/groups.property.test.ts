import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import * as fc from "fast-check";
import { expect, it } from "vitest";
import { exclude, listGroups } from "../../src/telegram/scheduler/groups.ts";
import { mergeGroups } from "../../src/telegram/scheduler/merge.ts";
import type { Scheduler } from "../../src/telegram/scheduler/state.ts";
import type { FoundGroup } from "../../src/telegram-account/contract.ts";
import { unique } from "../support/client.ts";

const { TEST_CHAOS } = env as unknown as { TEST_CHAOS: { seed: number } };

const CHATS = 5;
const PHONES = [1, 2, 3];

/** What happens. Accounts learn of it when they are synced: each by itself, in any order, some of them never. */
type Step =
  | { kind: "join" | "leave" | "sync"; phone: number; chat: number }
  | { kind: "rename" | "migrate" | "refuse"; chat: number }
  | { kind: "exclude"; places: number[] };

const chat = fc.nat(CHATS - 1);
const phone = fc.constantFrom(...PHONES);
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 3, arbitrary: fc.record({ kind: fc.constant("join" as const), phone, chat }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("leave" as const), phone, chat }) },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant("sync" as const), phone, chat }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constantFrom("rename", "migrate", "refuse"), chat }) },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant("exclude" as const), places: fc.uniqueArray(fc.nat(7)) }),
  },
);

/** A chat of Telegram's. */
interface Chat {
  basic: number;
  title: string;
  isMigrated: boolean;
  /** Of each member: whether it was one before the migration, and so knows what the supergroup was. */
  members: Map<number, { isOld: boolean }>;
}

const superOf = ({ basic }: Chat): number => -1_000_000_000_000 + basic;

function foundBy(chats: Chat[], phone: number): FoundGroup[] {
  return chats.flatMap((chat) => {
    const member = chat.members.get(phone);
    if (!member) return [];
    const { basic, title, isMigrated } = chat;
    const rest = { title, username: null, accessHash: isMigrated ? `${phone}` : null };
    if (!isMigrated) return { ...rest, peer: basic, formerPeer: null };
    return { ...rest, peer: superOf(chat), formerPeer: member.isOld ? basic : null };
  });
}

/** One line of the list, as plain as can be. It stands for each of its peers. */
interface Line {
  id: number;
  peers: number[];
  title: string;
  isExcluded: boolean;
  phones: Set<number>;
}

/** The list as a plain model. */
function createModel() {
  let lines: Line[] = [];
  let lastId = 0;
  const lineOf = (peer: number) => lines.find(({ peers }) => peers.includes(peer));

  function unite(former: Line, line: Line): void {
    const [kept, gone] = former.id < line.id ? [former, line] : [line, former];
    kept.peers.push(...gone.peers);
    kept.isExcluded ||= gone.isExcluded;
    for (const phone of gone.phones) kept.phones.add(phone);
    lines = lines.filter((each) => each !== gone);
  }

  return {
    listed: () => lines.filter(({ phones }) => phones.size > 0).sort((a, b) => a.id - b.id),
    sync(phone: number, found: FoundGroup[]): void {
      for (const { peer, formerPeer } of found) {
        const former = formerPeer === null ? undefined : lineOf(formerPeer);
        const line = lineOf(peer);
        if (former && !line) former.peers.push(peer);
        if (former && line && former !== line) unite(former, line);
      }
      for (const line of lines) line.phones.delete(phone);
      for (const { peer, title } of found) {
        let line = lineOf(peer);
        if (!line) {
          line = { id: ++lastId, peers: [peer], title, isExcluded: false, phones: new Set() };
          lines.push(line);
        }
        line.title = title;
        line.phones.add(phone);
      }
    },
  };
}

function run(scheduler: Scheduler, steps: Step[]): void {
  const model = createModel();
  const chats: Chat[] = Array.from({ length: CHATS }, (_, nth) => ({
    basic: -1 - nth,
    title: `Chat ${nth}`,
    isMigrated: false,
    members: new Map(),
  }));
  for (const each of steps) {
    if (each.kind === "exclude") {
      const lines = model.listed();
      const chosen = lines.filter((_, nth) => each.places.includes(nth));
      const ids = chosen.map(({ id }) => id);
      expect(exclude(scheduler, ids)).toEqual([]);
      expect(exclude(scheduler, [...ids, 999])).toEqual([999]);
      for (const line of lines) line.isExcluded = chosen.includes(line);
    } else apply(scheduler, model, chats, each);
    expect(listGroups(scheduler)).toEqual(
      model.listed().map(({ id, title, isExcluded }) => ({ id, title, username: null, isExcluded })),
    );
  }
}

function apply(
  scheduler: Scheduler,
  model: ReturnType<typeof createModel>,
  chats: Chat[],
  step: Exclude<Step, { kind: "exclude" }>,
): void {
  const chat = chats[step.chat]!;
  switch (step.kind) {
    case "join":
      if (!chat.members.has(step.phone)) chat.members.set(step.phone, { isOld: !chat.isMigrated });
      return;
    case "leave":
      chat.members.delete(step.phone);
      return;
    case "rename":
      chat.title += "'";
      return;
    case "migrate":
      chat.isMigrated = true;
      return;
    case "refuse":
      scheduler.sql.exec("UPDATE groups SET out_reason = 'x', refusals = 3 WHERE title = ?", chat.title);
      return;
    case "sync": {
      const found = foundBy(chats, step.phone);
      // The same twice, since a sync is repeated.
      for (let times = 0; times < 2; times++) mergeGroups(scheduler, step.phone, found);
      model.sync(step.phone, found);
      const peers = JSON.stringify(found.map(({ peer }) => peer));
      const out = scheduler.sql.exec(
        "SELECT 1 FROM groups WHERE peer IN (SELECT value FROM json_each(?)) AND out_reason IS NOT NULL",
        peers,
      );
      expect(out.toArray()).toEqual([]);
    }
  }
}

it("any order of syncs, joins, leaves, migrations and exclusions lists what a plain model does, with its ids", async () => {
  const user = unique();
  await runInDurableObject(env.TELEGRAM_MAILING.getByName(String(user)), (_object, { storage }) => {
    const scheduler = { user, storage, sql: storage.sql } as unknown as Scheduler;
    fc.assert(
      fc.property(fc.array(step, { minLength: 5, maxLength: 60 }), (steps) => {
        for (const table of ["accounts", "groups", "memberships", "deliveries"])
          storage.sql.exec(`DELETE FROM ${table}`);
        storage.sql.exec("DELETE FROM sqlite_sequence");
        for (const phone of PHONES)
          storage.sql.exec("INSERT INTO accounts (phone, state, added_at) VALUES (?, 'active', 1)", phone);
        run(scheduler, steps);
      }),
      { seed: TEST_CHAOS.seed, numRuns: 300 },
    );
  });
});
