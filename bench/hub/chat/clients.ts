import WebSocket from "ws";
import { obeyParent } from "../../support/child.ts";
import { now, sleepUntil } from "../../support/clock.ts";
import { distributionOf } from "../../support/statistics.ts";
import type { Command, Door, Heard, Talk } from "./sockets.ts";

// The sockets of a room's people, in a separate process, so that reading does not disturb the Worker's measurement.

const OPENED_AT_A_TIME = 20;
/** Time without a delivery after which missing ones count as lost. */
const LOST_AFTER_MS = 10_000;
const TEXT = "Salom, qalaysiz? Bugun yig'ilish bormi?";

/** A socket, with the next message that it should hear: see `Listening`. */
interface Peer {
  socket: WebSocket;
  next: number;
}

interface Group {
  peers: Peer[];
  /** Whose turn it is to speak. */
  turn: number;
}

/** What is heard during a talk. */
interface Listening {
  /** The number of its first message: earlier ones are of another talk. */
  first: number;
  /** The numbers of messages in the order of the socket that was the first to hear each. */
  order: number[];
  sentAt: Map<number, number>;
  latencies: number[];
  lastAt: number;
  disordered: Set<Peer>;
  bytes: number;
  slowSeconds: number;
  refusals: Set<string>;
  /** By the number of a message: told when its sender hears it. */
  waiting: Map<number, { sender: Peer; heard: () => void }>;
}

const groups = new Map<string, Group>();
let numbers = 0;
let listening: Listening | undefined;
let pongs = 0;

obeyParent<Command>(async (command) => {
  if (command.kind === "open") return open(command.group, command.doors);
  if (command.kind === "talk") return talk(command);
  if (command.kind === "ping") return ping(groupOf(command.group));
  if (command.kind === "resume") return resume(command.door);
  return groupOf(command.group).peers.length;
});

function groupOf(name: string): Group {
  const group = groups.get(name);
  if (!group) throw new Error(`Nobody is in ${name}`);
  return group;
}

/** @returns milliseconds until the last one listens */
async function open(name: string, doors: Door[]): Promise<number> {
  const group: Group = { peers: [], turn: 0 };
  groups.set(name, group);
  const start = now();
  const waiting = doors.values();
  const openSome = async () => {
    for (const door of waiting) group.peers.push(await openOne(group, door));
  };
  await Promise.all(Array.from({ length: OPENED_AT_A_TIME }, openSome));
  return now() - start;
}

function openOne(group: Group, { url, token }: Door): Promise<Peer> {
  const socket = new WebSocket(url, {
    perMessageDeflate: false,
    skipUTF8Validation: true,
    ...(token === null ? {} : { headers: { authorization: `Bearer ${token}` } }),
  });
  const peer: Peer = { socket, next: 0 };
  return new Promise((resolve, reject) => {
    socket.on("error", reject);
    socket.on("close", (code, reason) => {
      group.peers = group.peers.filter((each) => each !== peer);
      reject(new Error(`The socket was closed: ${code} ${reason}`));
    });
    if (token === null) socket.on("open", () => resolve(peer));
    socket.on("message", (data: Buffer) => {
      const text = data.toString("latin1");
      if (text.startsWith('{"type":"chat_message"')) hear(peer, text);
      else if (text.startsWith('{"type":"hello"')) resolve(peer);
      else hearOther(text);
    });
  });
}

function hear(peer: Peer, text: string): void {
  const number = Number.parseInt(text.slice(text.indexOf('"text":"') + 8), 10);
  if (!listening || number < listening.first) return;
  listening.lastAt = now();
  listening.latencies.push(listening.lastAt - (listening.sentAt.get(number) ?? Number.NaN));
  listening.bytes += text.length;
  // A message that is lost, repeated or out of order differs from the order of the others.
  const expected = listening.order[peer.next];
  if (expected === undefined) listening.order.push(number);
  else if (expected !== number) listening.disordered.add(peer);
  peer.next++;
  const waiting = listening.waiting.get(number);
  if (waiting?.sender === peer) waiting.heard();
}

function hearOther(text: string): void {
  if (text === "pong") pongs++;
  else if (!listening) return;
  else if (text.startsWith('{"type":"slow_mode"'))
    listening.slowSeconds = Math.max(listening.slowSeconds, JSON.parse(text).seconds);
  else listening.refusals.add(text);
}

/** Sends messages by the sockets of a group in turn, and waits until all have heard all. */
async function talk({ group: name, messages, pace }: Talk): Promise<Heard> {
  const group = groupOf(name);
  for (const peer of group.peers) peer.next = 0;
  const heard: Listening = {
    ...{ first: numbers, order: [], sentAt: new Map(), latencies: [], lastAt: now(), bytes: 0 },
    ...{ disordered: new Set<Peer>(), slowSeconds: 0, refusals: new Set<string>(), waiting: new Map() },
  };
  listening = heard;
  const cpu = process.cpuUsage();
  const start = now();
  if ("rate" in pace) await sendInTime(group, heard, messages, pace.rate);
  else await sendTogether(group, heard, messages, pace.together);
  const allSentAt = now();
  const expected = messages * group.peers.length;
  while (heard.latencies.length < expected && now() - Math.max(heard.lastAt, allSentAt) < LOST_AFTER_MS)
    await sleepUntil(now() + 20);
  listening = undefined;
  const { user, system } = process.cpuUsage(cpu);
  return {
    ...{
      expected,
      delivered: heard.latencies.length,
      sendSeconds: (allSentAt - start) / 1000,
      seconds: (heard.lastAt - start) / 1000,
    },
    ...{ latency: distributionOf(heard.latencies), disordered: heard.disordered.size },
    ...{ bytes: heard.bytes / heard.latencies.length, slowSeconds: heard.slowSeconds },
    ...{ refusals: [...heard.refusals].slice(0, 3) },
    cpuSeconds: (user + system) / 1e6,
  };
}

async function sendInTime(group: Group, heard: Listening, messages: number, rate: number): Promise<void> {
  const start = now();
  for (let nth = 0; nth < messages; nth++) {
    await sleepUntil(start + (nth * 1000) / rate);
    send(group, heard);
  }
}

/** Keeps a number of messages on their way, so that the server has always something to do. */
async function sendTogether(
  group: Group,
  heard: Listening,
  messages: number,
  together: number,
): Promise<void> {
  let left = messages;
  const sendSome = async () => {
    while (left-- > 0) await Promise.race([send(group, heard), sleepUntil(now() + LOST_AFTER_MS)]);
  };
  await Promise.all(Array.from({ length: together }, sendSome));
}

/** @returns once its sender has heard it */
function send(group: Group, heard: Listening): Promise<void> {
  const sender = group.peers[group.turn++ % group.peers.length];
  if (!sender) throw new Error("Nobody can speak");
  const number = numbers++;
  const frame = { type: "chat_message", message: `${number} ${TEXT}`, client_id: `client-${number}` };
  heard.sentAt.set(number, now());
  sender.socket.send(JSON.stringify(frame));
  return new Promise((resolve) => heard.waiting.set(number, { sender, heard: resolve }));
}

/** Each socket pings. @returns how many pongs come within 10 s */
async function ping({ peers }: Group): Promise<number> {
  pongs = 0;
  const until = now() + LOST_AFTER_MS;
  for (const { socket } of peers) socket.send("ping");
  while (pongs < peers.length && now() < until) await sleepUntil(now() + 20);
  return pongs;
}

/** Opens a socket once more. @returns how many messages it gets that it has missed */
function resume({ url, token }: Door): Promise<number> {
  const socket = new WebSocket(url, { headers: { authorization: `Bearer ${token}` } });
  let messages = 0;
  return new Promise((resolve, reject) => {
    socket.on("error", reject);
    socket.on("close", (code) => reject(new Error(`The socket was closed: ${code}`)));
    socket.on("message", (data: Buffer) => {
      const { type } = JSON.parse(data.toString());
      if (type === "chat_message") messages++;
      if (type !== "resumed" && type !== "resync") return;
      resolve(messages);
      socket.terminate();
    });
  });
}
