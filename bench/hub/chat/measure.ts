import { loadavg } from "node:os";
import { setTimeout as sleep } from "node:timers/promises";
import { watchBystanders } from "../../support/bystanders.ts";
import type { Cleanup } from "../../support/cleanup.ts";
import { eventually } from "../../support/clock.ts";
import { usageOf } from "../../support/processes.ts";
import type { RunningWorker, Secrets } from "../../support/worker.ts";
import { reset, settled } from "../../units/stage.ts";
import type { Rows } from "../contract.ts";
import {
  bareDoors,
  createRoom,
  doorsOf,
  type FilledRoom,
  fillRoom,
  readRooms,
  resetRooms,
  signInAll,
} from "./rooms.ts";
import { type ChatSockets, type Heard, startChatSockets, type Talk } from "./sockets.ts";

/** Sockets of the small and of the large rooms, and members of the largest. */
const FEW = 10;
export const MANY = 1000;
export const MEMBERS = 10_000;
/** Seconds of a talk at a fixed rate. */
const SECONDS = 8;
/** Messages of a talk at the limit, and how many of them are on their way at a time. */
const MOST = 120;
const TOGETHER = 8;
/** Talks at the limit, each beside one of the bare room. */
const ROUNDS = 3;
/** Messages of the history, and the people who have sent them: a page has a message of each. */
export const HISTORY = 100_000;
const SENDERS = 50;
/** When a silent room is asked, in seconds, and when it is pinged. */
export const SILENCE = 30;
const PING_AT = 25;
/** How long a room takes at most to report, in milliseconds. */
const REPORT_MS = 25_000;
/** After this silence a room reports at once, and asks D1 for its members. */
const SILENT_MS = 31_000;

/** A talk, and what it cost the server. */
export interface Conversation extends Heard {
  name: string;
  sockets: number;
  messages: number;
  /** CPU of workerd, in microseconds for each delivery. */
  cpuMicros: number;
  /** CPU of workerd, of the sockets' process and of all others, as shares of a core. */
  serverShare: number;
  clientShare: number;
  othersShare: number;
  /** Load of the machine in the last minute. */
  load: number;
}

/** The same talk in a room and in a bare one. */
export interface Pair {
  room: Conversation;
  bare: Conversation;
}

/** What a message costs. */
export interface MessageRows {
  /** In the room's own database, and in D1. */
  room: Rows;
  d1: Rows;
}

/** What is measured of chat rooms. */
export interface MeasuredChat {
  few: Pair;
  many: Pair;
  limit: Pair[];
  /** By members: ten, and many. The second message of ten seconds, and the report of them. */
  rows: { members: number; message: MessageRows; report: MessageRows }[];
  idle: {
    /** Objects constructed by pings, and by the next message. */
    pinged: number;
    woken: number;
    pongs: number;
    next: Heard;
  };
  /** The room of many members: rows of calls, what is open after a removal, and what comes again. */
  large: {
    remove: MessageRows;
    open: number;
    enter: MessageRows;
    sent: number;
    resumed: number;
    list: MessageRows;
  };
  history: MessageRows;
}

interface Stage {
  worker: RunningWorker;
  sockets: ChatSockets;
  tokens: string[];
}

/** Measures rooms of the users 1 to `MEMBERS`, who must be there. The Worker runs worker/index.ts. */
export async function measureChat(
  cleanup: Cleanup,
  worker: RunningWorker,
  secrets: Secrets,
): Promise<MeasuredChat> {
  const tokens = await signInAll(worker, secrets, MANY);
  const stage = { worker, tokens, sockets: startChatSockets(cleanup) };
  const small = await createRoom(worker, FEW);
  const large = await createRoom(worker, MEMBERS);
  console.error(`Opening ${FEW} and ${MANY} sockets …`);
  await openPair(stage, small, "few", FEW);
  await openPair(stage, large, "many", MANY);
  const few = await conversePair(stage, "few", FEW, { messages: SECONDS * 100, pace: { rate: 100 } });
  const many = await conversePair(stage, "many", MANY, { messages: SECONDS * 10, pace: { rate: 10 } });
  const limit: Pair[] = [];
  for (let round = 0; round < ROUNDS; round++)
    limit.push(await conversePair(stage, "many", MANY, { messages: MOST, pace: { together: TOGETHER } }));
  const rows = [
    { members: FEW, ...(await measureRows(stage, "few")) },
    { members: MEMBERS, ...(await measureRows(stage, "many")) },
  ];
  const idle = await measureIdle(stage);
  return {
    ...{ few, many, limit, rows, idle },
    large: await measureLarge(stage, large),
    history: await measureHistory(stage),
  };
}

async function openPair(
  { worker, sockets, tokens }: Stage,
  room: FilledRoom,
  name: string,
  count: number,
): Promise<void> {
  await sockets.open(`${name} bare`, bareDoors(worker, name, count));
  await sockets.open(name, doorsOf(worker, room, tokens.slice(0, count)));
}

async function conversePair(
  stage: Stage,
  group: string,
  count: number,
  talk: Omit<Talk, "group">,
): Promise<Pair> {
  const bare = await converse(stage, { group: `${group} bare`, ...talk }, count);
  return { bare, room: await converse(stage, { group, ...talk }, count) };
}

async function converse({ worker, sockets }: Stage, talk: Talk, count: number): Promise<Conversation> {
  console.error(`${talk.group}: ${talk.messages} messages to ${count} sockets …`);
  // It may have hibernated.
  await sockets.talk({ group: talk.group, messages: 1, pace: { together: 1 } });
  const others = watchBystanders(() => [worker.pid, sockets.pid]);
  const before = usageOf([worker.pid]).cpu;
  const heard = await sockets.talk(talk);
  const cpu = usageOf([worker.pid]).cpu - before;
  return {
    ...heard,
    ...{ name: talk.group, sockets: count, messages: talk.messages, load: loadavg()[0] ?? 0 },
    ...{ cpuMicros: (cpu * 1e6) / heard.delivered, serverShare: cpu / heard.seconds },
    ...{ clientShare: heard.cpuSeconds / heard.seconds, othersShare: others() },
  };
}

/** The first message after ten seconds sets the alarm of a report. So the second one is measured, then the report. */
async function measureRows({ worker, sockets }: Stage, group: string) {
  console.error(`${group}: rows of a message …`);
  const say = async () => {
    const { delivered, expected } = await sockets.talk({ group, messages: 1, pace: { together: 1 } });
    if (delivered < expected) throw new Error(`${delivered} of ${expected} heard a message`);
  };
  // The report of this message comes at once: the room has been silent.
  await sleep(SILENT_MS);
  await resetRooms(worker, true);
  await say();
  await reported(worker);
  await say();
  const message = await rowsOf(worker, say);
  const report = await rowsOf(worker, () => reported(worker));
  await resetRooms(worker, false);
  return { message, report };
}

const reported = (worker: RunningWorker) =>
  eventually("The room reports", async () => (await readRooms(worker)).alarms > 0 || undefined, REPORT_MS);

async function rowsOf(worker: RunningWorker, run: () => Promise<unknown>): Promise<MessageRows> {
  await settled({ worker });
  await reset({ worker });
  await resetRooms(worker, true);
  await run();
  const { units } = await settled({ worker });
  const { rows } = await readRooms(worker);
  return { room: rows, d1: { read: units.rowsRead, written: units.rowsWritten } };
}

/** The last alarm of a room comes ten seconds after its last message. */
async function measureIdle({ worker, sockets }: Stage): Promise<MeasuredChat["idle"]> {
  console.error(`${MANY} idle sockets: ${SILENCE} s of silence …`);
  const group = "many";
  const talk: Talk = { group, messages: 1, pace: { together: 1 } };
  await sockets.talk(talk);
  await resetRooms(worker, false);
  await sleep(PING_AT * 1000);
  const pongs = await sockets.ping(group);
  const { starts: pinged } = await readRooms(worker);
  await sleep((SILENCE - PING_AT) * 1000);
  const next = await sockets.talk(talk);
  const { starts } = await readRooms(worker);
  return { pinged, woken: starts - pinged, pongs, next };
}

async function measureLarge(
  { worker, sockets, tokens }: Stage,
  room: FilledRoom,
): Promise<MeasuredChat["large"]> {
  console.error("Removing, resuming, listing …");
  const call = async (method: string, path: string, body?: object) => {
    const response = await fetch(`${worker.url}/api/chat/${path}`, {
      method,
      headers: { authorization: `Bearer ${tokens[0]}`, "content-type": "application/json" },
      ...(body ? { body: JSON.stringify(body) } : {}),
    });
    const text = await response.text();
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${text}`);
    return text && JSON.parse(text);
  };
  const { count: sent } = await call("GET", `message/${room.id}/list_by_room/`);
  const remove = await rowsOf(worker, () =>
    call("POST", `members/${room.id}/remove_member/`, { user_id: MANY }),
  );
  const open = await eventually("The socket of a removed member is closed", async () => {
    const count = await sockets.count("many");
    return count < MANY ? count : undefined;
  });
  const [door] = doorsOf(worker, room, tokens.slice(0, 1));
  if (!door) throw new Error("There is no door");
  let resumed = 0;
  const enter = await rowsOf(worker, async () => {
    resumed = await sockets.resume({ ...door, url: `${door.url}?since=0` });
  });
  const list = await rowsOf(worker, () => call("GET", `members/${room.id}/list_members/?page_size=50`));
  return { remove, open, sent, resumed, enter, list };
}

async function measureHistory({ worker, tokens }: Stage): Promise<MessageRows> {
  console.error(`A history of ${HISTORY} messages …`);
  const { id, key } = await createRoom(worker, SENDERS);
  await fillRoom(worker, { room: id, key, messages: HISTORY, senders: SENDERS });
  const read = async () => {
    const response = await fetch(`${worker.url}/api/chat/message/${id}/list_by_room/`, {
      headers: { authorization: `Bearer ${tokens[0]}` },
    });
    const { count, results } = (await response.json()) as { count: number; results: unknown[] };
    if (count !== HISTORY || results.length !== SENDERS)
      throw new Error(`The history: ${response.status}, ${results.length} of ${count}`);
  };
  // The first call after a start reads where the room is, and once a minute one writes when a person was online.
  await read();
  return rowsOf(worker, read);
}
