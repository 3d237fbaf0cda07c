import { expect } from "vitest";
import { placeOf } from "../../src/hub/chat/message-ids.ts";
import type { ChatClient } from "./chat-client.ts";
import { fetchHistory, type Kept } from "./chat-history.ts";
import {
  clientOf,
  come,
  devicesOf,
  isMember,
  pass,
  report,
  STEPS,
  type Step,
  settle,
  type World,
} from "./chat-world.ts";
import { hubDb } from "./hub-client.ts";

/** Runs steps, and at the end holds every client against a fresh fetch. */
export async function live(world: World, todo: Step[]): Promise<void> {
  for (const { do: name, ...numbers } of todo) {
    pass(100 + (numbers.more % 400));
    await STEPS[name](world, clientOf(world, numbers.who), numbers);
  }
  await expectSame(world);
}

/** All come back, and send again what has no answer. Then each must have what a fresh fetch has. */
export async function expectSame(world: World): Promise<void> {
  const { clients, room } = world;
  const present = clients.filter((client) => isMember(world, client));
  for (let nth = 0, isDone = false; !isDone; nth++) {
    isDone = true;
    for (const client of present) {
      await come(world, client, nth);
      for (const frame of client.pending.values()) client.send(frame);
      isDone = (await client.settle()) && client.pending.size === 0 && isDone;
      pass(1000);
    }
  }
  await settle(world);
  expect(clients.flatMap(({ problems }) => problems)).toEqual([]);
  for (const client of clients.filter((each) => !isMember(world, each))) {
    expect(client.isOpen).toBe(false);
    expect(await client.open("since")).toBe(4403);
  }
  let whole: Kept[] = [];
  for (const client of present) {
    const { messages, count, seq } = await fetchHistory(client.person, room);
    expect(client.position).toBe(seq);
    expect(count).toBe(messages.length);
    const known = [...client.view.values()].sort((a, b) => (a.id < b.id ? -1 : 1));
    expect(known.map(withoutBlocked(client))).toEqual(messages.map(withoutBlocked(client)));
    for (const message of messages) expect(message.is_hidden).toBe(client.apart.has(message.sender));
    if (client.person === world.people[0]) whole = messages;
  }
  expectNothingLost(world, whole);
  await expectUnread(world, present, whole);
  for (const client of clients) client.socket?.close();
}

/** What came before a block may stay in a client. */
const withoutBlocked =
  ({ apart }: ChatClient) =>
  (message: Kept) =>
    apart.has(message.sender)
      ? { ...message, text: "", files: [], is_hidden: true, is_edited: false, update_at: "" }
      : message;

/** What anybody has seen is there, unless somebody who may has deleted it, and nothing is there twice. */
function expectNothingLost({ ledger, doomed, clearedAt }: World, whole: Kept[]): void {
  const there = new Set(whole.map(({ id }) => id));
  const lost = [...ledger.messages].filter(
    ([id, { seq }]) => seq > clearedAt && !there.has(id) && !doomed.has(id),
  );
  expect(lost).toEqual([]);
  const tags = whole.filter(({ is_hidden }) => !is_hidden).map(({ text }) => text.split("|")[0]);
  expect(new Set(tags).size).toBe(tags.length);
}

/** The count of the database is that of messages after the last one that somebody has read. */
async function expectUnread(world: World, present: ChatClient[], whole: Kept[]): Promise<void> {
  await report(world);
  const { results } = await hubDb
    .prepare(
      `SELECT m.user_id, max(0, r.last_number - max(m.read_number, r.cleared_number) - (
         SELECT count(*) FROM hub_room_deletions d
         WHERE d.room_id = r.id AND d.number > max(m.read_number, r.cleared_number))) AS unread
       FROM hub_room_members m JOIN hub_rooms r ON r.id = m.room_id WHERE r.id = ?`,
    )
    .bind(world.room)
    .all<{ user_id: number; unread: number }>();
  const unread = new Map(results.map((row) => [row.user_id, row.unread]));
  for (const { id } of new Set(present.map(({ person }) => person))) {
    const devices = devicesOf(world, id);
    const own = [...world.ledger.messages.values()].filter(({ sender }) => sender === id);
    const surely = Math.max(...devices.map(({ read }) => read.surely));
    const perhaps = Math.max(
      surely,
      ...devices.map(({ read }) => read.perhaps),
      ...own.map(({ seq }) => seq),
    );
    const after = (seq: number) => whole.filter((message) => placeOf(message.id)!.seq > seq).length;
    expect(unread.get(id)).toBeLessThanOrEqual(after(surely));
    expect(unread.get(id)).toBeGreaterThanOrEqual(after(perhaps));
  }
}
