import { evictDurableObject, runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import * as fc from "fast-check";
import { expect, vi } from "vitest";
import { ring } from "../../src/hub/chat/objects.ts";
import { type ChatSocket, createRoom, roomOf } from "./chat.ts";
import { ChatClient, type Way } from "./chat-client.ts";
import { fetchHistory, type Kept, Ledger } from "./chat-history.ts";
import { createPerson, hubContext, hubDb, type Person } from "./hub-client.ts";

const PEOPLE = 4;
const WAYS: Way[] = ["since", "resume", "history"];

/** Far ahead: alarms come only when a test runs them. */
const AHEAD_MS = 6 * 3600_000;

/** A group, and what its members have done. */
export interface World {
  room: string;
  people: Person[];
  /** The first two people have two devices each. */
  clients: ChatClient[];
  members: Set<number>;
  ledger: Ledger;
  /** A file of each person. */
  files: Map<number, number>;
  /** Messages that somebody who may has tried to delete. */
  doomed: Set<string>;
  /** The position of the last clearing. Perhaps no client has heard of it. */
  clearedAt: number;
  sends: number;
}

export async function createWorld(): Promise<World> {
  const people: Person[] = [];
  for (let nth = 0; nth < PEOPLE; nth++) people.push(await createPerson());
  const room = await createRoom(people);
  const ledger = new Ledger();
  const files = new Map<number, number>();
  for (const { id } of people) files.set(id, await createFile(id));
  const owners = [...people, ...people.slice(0, 2)];
  return {
    ...{ room, people, ledger, files, sends: 0, clearedAt: 0, doomed: new Set() },
    clients: owners.map((person) => new ChatClient(person, room, ledger)),
    members: new Set(people.map(({ id }) => id)),
  };
}

/** Makes a file for messages, by its row. */
export async function createFile(owner: number): Promise<number> {
  const row = await hubDb
    .prepare(
      `INSERT INTO hub_chat_files (owner_id, unique_id, file, file_type, file_size, uploaded_at)
       VALUES (?, ?, ?, 'other', 1, 1) RETURNING id`,
    )
    .bind(owner, crypto.randomUUID(), `hub/chat/${crypto.randomUUID()}`)
    .first<{ id: number }>();
  return row!.id;
}

/** A stub of an object that has died is of no more use: so each call gets its own. */
const objectOf = ({ room }: World) => roomOf(room) as unknown as DurableObjectStub;

/** Kills the room's Object, with all it has in memory. */
export const kill = (world: World): Promise<void> =>
  runInDurableObject(objectOf(world), (_, state) => state.abort("killed by a test")).catch(() => {});

export const pass = (ms: number): void => void vi.setSystemTime(Date.now() + ms);

/** A step, with numbers that say who and what: they count round. */
export interface Step {
  do: keyof typeof STEPS;
  who: number;
  what: number;
  more: number;
}

/** Evenly: small numbers are no simpler here. */
const number = fc.noBias(fc.nat(10_000));

const step = (weight: number, name: keyof typeof STEPS) => ({
  weight,
  arbitrary: fc.record({
    ...{ do: fc.constant(name), who: number, what: number, more: number },
  }),
});

export const steps = (maxLength: number): fc.Arbitrary<Step[]> =>
  fc.array(
    fc.oneof(
      ...[step(14, "send"), step(4, "repeat"), step(6, "edit"), step(4, "remove"), step(1, "clear")],
      ...[step(2, "typing"), step(4, "read"), step(6, "cut"), step(8, "come"), step(3, "kick")],
      ...[step(3, "join"), step(1, "block"), step(3, "kill"), step(2, "hibernate"), step(3, "report")],
      ...[step(2, "wait"), step(2, "settle")],
    ),
    { minLength: Math.ceil(maxLength / 2), maxLength, size: "max" },
  );

export const clientOf = ({ clients }: World, who: number): ChatClient => clients[who % clients.length]!;

export const isMember = ({ members }: World, { person }: ChatClient): boolean => members.has(person.id);

/** Comes back, if it may. */
export async function come(world: World, client: ChatClient, which: number): Promise<boolean> {
  if (isMember(world, client) && !client.isOpen) await client.open(WAYS[which % WAYS.length]!);
  return client.isOpen;
}

/** A message that it knows. @param isOwn rather its own */
const messageOf = (client: ChatClient, what: number, isOwn = false): Kept | undefined => {
  client.take();
  const known = [...client.view.values()];
  const own = isOwn ? known.filter(({ sender }) => sender === client.person.id) : [];
  return own[what % own.length] ?? known[what % known.length];
};

type Numbers = Omit<Step, "do">;

export const STEPS = {
  async send(world: World, client: ChatClient, { what, more }: Numbers) {
    if (!(await come(world, client, what))) return;
    const tag = ++world.sends;
    const reply_to = what % 3 === 0 ? (messageOf(client, more)?.id ?? null) : null;
    const files = what % 5 === 0 ? [world.files.get(client.person.id)] : [];
    client.say(`${tag}|sent`, { reply_to, files }, what % 4 ? `c${tag}` : undefined);
  },

  /** Sends a client_id again, answered or not. */
  async repeat(world: World, client: ChatClient, { what }: Numbers) {
    if (!(await come(world, client, what))) return;
    client.take();
    const sent = [...client.pending.values(), ...client.answered.values()];
    const frame = sent[what % sent.length];
    if (frame) client.send(frame);
  },

  async edit(world: World, client: ChatClient, { what, more }: Numbers) {
    if (!(await come(world, client, what))) return;
    const message = messageOf(client, more, what % 4 > 0);
    if (!message) return;
    const text = `${message.text.split("|")[0]}|edited ${++world.sends}`;
    if (what % 3) return client.send({ type: "message_edited", id: message.id, message: text });
    const { status } = await client.person.call("PATCH", `/api/chat/message/${message.id}/`, { text });
    const isOwn = message.sender === client.person.id;
    expect(isOwn ? [200, 404] : [403, 404]).toContain(status);
  },

  async remove(world: World, client: ChatClient, { what, more }: Numbers) {
    if (!(await come(world, client, what))) return;
    const message = messageOf(client, more, what % 4 > 0);
    if (!message) return;
    const may = message.sender === client.person.id || client.person === world.people[0];
    if (may) world.doomed.add(message.id);
    if (what % 3) return client.send({ type: "message_deleted", id: message.id });
    const { status } = await client.person.call("DELETE", `/api/chat/message/${message.id}/`);
    expect(may ? [204, 404] : [403, 404]).toContain(status);
  },

  async clear(world: World, _client: ChatClient, { what }: Numbers) {
    if (what % 2) return;
    await roomOf(world.room).clear();
    world.clearedAt = await runInDurableObject(
      objectOf(world),
      (_, { storage }) => storage.kv.get<{ clearSeq: number }>("gone")!.clearSeq,
    );
  },

  async typing(world: World, client: ChatClient, { what }: Numbers) {
    if (await come(world, client, what)) client.send({ type: "user_typing" });
  },

  async read(world: World, client: ChatClient, { what, more }: Numbers) {
    if (!(await come(world, client, what))) return;
    const message = messageOf(client, more);
    if (message) client.readTo(message.id);
  },

  async cut(_world: World, client: ChatClient) {
    client.cut();
  },

  async come(world: World, client: ChatClient, { what }: Numbers) {
    await come(world, client, what);
  },

  /** Nobody removes the owner. */
  async kick(world: World, client: ChatClient) {
    const { id } = client.person;
    if (client.person === world.people[0] || !isMember(world, client)) return;
    world.members.delete(id);
    const [, changed] = await hubDb.batch<{ version: number }>([
      hubDb.prepare("DELETE FROM hub_room_members WHERE room_id = ? AND user_id = ?").bind(world.room, id),
      hubDb.prepare("SELECT version FROM hub_rooms WHERE id = ?").bind(world.room),
    ]);
    await ring(hubContext(), world.room, { version: changed!.results[0]!.version, users: [id] });
    const { seq } = await fetchHistory(world.people[0]!, world.room);
    for (const each of devicesOf(world, id)) each.deafFrom = seq;
  },

  async join(world: World, client: ChatClient) {
    const { id } = client.person;
    if (isMember(world, client)) return;
    await settle(world);
    await report(world);
    const { seq } = await fetchHistory(world.people[0]!, world.room);
    await hubDb
      .prepare(
        `INSERT INTO hub_room_members (room_id, user_id, rank, read_number, joined_at)
         SELECT id, ?, 2, last_number, ? FROM hub_rooms WHERE id = ?`,
      )
      .bind(id, Date.now(), world.room)
      .run();
    world.members.add(id);
    for (const each of devicesOf(world, id)) {
      each.take();
      each.deafFrom = Number.POSITIVE_INFINITY;
      each.read.surely = each.read.perhaps = seq;
    }
  },

  async block(world: World, client: ChatClient, { what }: Numbers) {
    const pair = [client.person.id, clientOf(world, what).person.id] as const;
    if (pair[0] === pair[1] || client.apart.has(pair[1])) return;
    const [, changed] = await hubDb.batch<{ version: number }>([
      hubDb
        .prepare("INSERT INTO hub_blocks (user_id, blocked_id, created_at) VALUES (?, ?, 1)")
        .bind(...pair),
      hubDb
        .prepare("UPDATE hub_rooms SET version = version + 1 WHERE id = ? RETURNING version")
        .bind(world.room),
    ]);
    await ring(hubContext(), world.room, { version: changed!.results[0]!.version, users: [...pair] });
    const { seq } = await fetchHistory(world.people[0]!, world.room);
    for (const [user, other] of [pair, pair.toReversed()])
      for (const each of devicesOf(world, user!)) each.apart.set(other!, { seq, openings: each.openings });
  },

  kill,

  async hibernate(world: World) {
    await evictDurableObject(objectOf(world), { webSockets: "hibernate" }).catch((error) => {
      if (!String(error).includes("not currently running")) throw error;
    });
  },

  report,

  /** A check of all who listen is due after 30 seconds. */
  async wait(_world: World, _client: ChatClient, { what }: Numbers) {
    pass((what % 40) * 1000);
  },

  settle,
};

export const devicesOf = ({ clients }: World, id: number): ChatClient[] =>
  clients.filter(({ person }) => person.id === id);

export async function settle({ clients }: World): Promise<void> {
  for (const client of clients) await client.settle();
}

export async function report(world: World): Promise<void> {
  await runDurableObjectAlarm(objectOf(world));
}

/** Moves the clock ahead, where no alarm comes by itself. */
export const startClock = (): void => void vi.useFakeTimers({ toFake: ["Date"], now: Date.now() + AHEAD_MS });

/** A group of three. */
export async function createThree() {
  const [ann, bek, cem] = [await createPerson(), await createPerson(), await createPerson()];
  return { ann, bek, cem, room: await createRoom([ann, bek, cem]) };
}

/** The texts that came by a socket. */
export const textsOf = ({ events }: ChatSocket): string[] =>
  events.filter(({ type }) => type === "chat_message").map(({ text }) => text);
