import { type Cell, renderTable } from "../../support/table.ts";
import { type Bar, count, read, written } from "../bars.ts";
import {
  type Conversation,
  HISTORY,
  MANY,
  MEMBERS,
  type MeasuredChat,
  type Pair,
  SILENCE,
} from "./measure.ts";

/** The longest that a delivery may take, in milliseconds, for 99 of 100. */
const P99_MS = 500;
/** What a room must deliver, in percent of what a bare one does in the same time. */
const SHARE = 70;

const FIGURES: [string, (talk: Conversation) => Cell][] = [
  ["sockets", ({ sockets }) => sockets],
  ["messages", ({ messages }) => messages],
  ["messages a second", ({ messages, sendSeconds }) => messages / sendSeconds],
  ["deliveries", ({ delivered }) => delivered],
  ["deliveries a second", perSecond],
  ["delivery, median (ms)", ({ latency }) => latency.median],
  ["delivery, p99 (ms)", ({ latency }) => latency.p99],
  ["CPU of workerd for each delivery (µs)", ({ cpuMicros }) => cpuMicros],
  ["bytes of an event", ({ bytes }) => Math.round(bytes)],
  ["longest wait in slow mode (s)", ({ slowSeconds }) => slowSeconds],
  ["CPU of workerd (% of a core)", ({ serverShare }) => serverShare * 100],
  ["CPU of the sockets' process (% of a core)", ({ clientShare }) => clientShare * 100],
  ["CPU of other processes (% of a core)", ({ othersShare }) => othersShare * 100],
  ["load of the machine", ({ load }) => load.toFixed(1)],
];

function perSecond({ delivered, seconds }: Conversation): number {
  return delivered / seconds;
}

/** Renders the talks of rooms beside those of bare ones. */
export function renderTalks({ few, many, limit }: MeasuredChat): string {
  const talks = [few, many, ...limit].flatMap(({ bare, room }) => [bare, room]);
  const columns = ["", ...talks.map(({ name }) => (name.endsWith("bare") ? "bare" : "room"))];
  return renderTable(
    columns,
    FIGURES.map(([label, figure]) => [label, ...talks.map(figure)]),
  );
}

/** The bars of chat rooms. */
export function chatBars(measured: MeasuredChat): Bar[] {
  const { few, many, limit, rows, idle, large, history } = measured;
  const messages = rows.map(({ message }) => message);
  return [
    ...talkBars("100 messages/s to 10 sockets", few),
    ...talkBars("10 messages/s to 1,000 sockets", many),
    ...limit.flatMap(({ room }, nth) => lossBars(`at the limit, ${nth + 1}`, room)),
    // Of all rounds: other processes distort a single one.
    least(
      "at the limit: deliveries/s, % of the bare room's",
      share(sum(limit, "bare", "seconds"), sum(limit, "room", "seconds")),
    ),
    {
      what: "at the limit: CPU of a delivery, % of the bare room's",
      measured: share(sum(limit, "room", "cpuMicros"), sum(limit, "bare", "cpuMicros")),
      limit: null,
    },
    ...rows.flatMap(({ members, message, report }) => [
      written(`a message among ${count(members)} members, rows in the room`, message.room, 3),
      read(`a message among ${count(members)} members, rows in the room`, message.room, null),
      written(`a message among ${count(members)} members, rows in D1`, message.d1, 0),
      read(`a message among ${count(members)} members, rows in D1`, message.d1, 0),
      written(`a report among ${count(members)} members, rows in D1`, report.d1, null),
      read(`a report among ${count(members)} members, rows in D1`, report.d1, null),
      written(`a report among ${count(members)} members, rows in the room`, report.room, null),
    ]),
    { what: "rows of a message: difference by members", measured: spread(messages), limit: 0 },
    least(`rooms that hibernated within ${SILENCE} s`, idle.woken, 1),
    { what: "rooms that a ping has woken", measured: idle.pinged, limit: 0 },
    ...lossBars("the message after hibernation", { ...idle.next, sockets: MANY, messages: 1 }),
    { what: "the message after hibernation: p99 (ms)", measured: idle.next.latency.p99, limit: null },
    written(`removing a member of ${count(MEMBERS)}, rows in D1`, large.remove.d1, null),
    read(`removing a member of ${count(MEMBERS)}, rows in D1`, large.remove.d1, null),
    {
      what: "sockets of others that a removal has closed",
      measured: MANY - 1 - large.open,
      limit: 0,
    },
    read(
      `a socket that has missed ${count(large.sent)} messages by as many people, rows in D1`,
      large.enter.d1,
      null,
    ),
    { what: "messages that a resumed socket has not got", measured: large.sent - large.resumed, limit: 0 },
    read(`members, first 50 of ${count(MEMBERS)}, in D1`, large.list.d1, null),
    read(`history, first 50 of ${count(HISTORY)}, in the room`, history.room, 60),
    read(`history, first 50 of ${count(HISTORY)}, in D1`, history.d1, 60),
  ];
}

const talkBars = (what: string, { room }: Pair): Bar[] => [
  ...lossBars(what, room),
  { what: `${what}: p99 (ms)`, measured: room.latency.p99, limit: P99_MS },
];

const lossBars = (
  what: string,
  {
    sockets,
    messages,
    delivered,
    disordered,
  }: Pick<Conversation, "sockets" | "messages" | "delivered" | "disordered">,
): Bar[] => [
  { what: `${what}: deliveries lost`, measured: sockets * messages - delivered, limit: 0 },
  { what: `${what}: sockets with another order`, measured: disordered, limit: 0 },
];

const least = (what: string, measured: number, limit = SHARE): Bar => ({
  ...{ what, measured, limit, isLeast: true },
});

const share = (one: number, other: number): number => (one / other) * 100;

const sum = (pairs: Pair[], kind: keyof Pair, figure: "seconds" | "cpuMicros"): number =>
  pairs.reduce((total, pair) => total + pair[kind][figure], 0);

function spread(messages: MeasuredChat["rows"][number]["message"][]): number {
  const written = messages.map(({ room, d1 }) => room.written + d1.written);
  return Math.max(...written) - Math.min(...written);
}

/** What sockets heard instead of messages, for the one who reads the report. */
export const refusalsOf = ({ few, many, limit }: MeasuredChat): string[] =>
  [few, many, ...limit].flatMap(({ room, bare }) =>
    [room, bare].flatMap(({ name, refusals }) => refusals.map((refusal) => `${name}: ${refusal}`)),
  );
