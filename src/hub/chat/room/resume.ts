import type { CardRow } from "../../people/card.ts";
import { findSenders } from "../cards.ts";
import type { StoredMessage } from "../contract.ts";
import { type Attachment, findAttachments } from "../files/attachments.ts";
import { clearedEvent, deletedEvent, messageEvent } from "./events.ts";
import type { Entry } from "./log.ts";
import type { Listener } from "./sockets.ts";
import type { Room } from "./state.ts";

/** A client that has missed more must fetch the history again. */
const MAX_MISSED = 1_000;

/** What a client has missed: after a position, up to another. */
export interface Gap {
  since: number;
  until: number;
}

/** What happened in a gap, in order; null if it is too much, or a position that the room has not reached. */
function entriesIn({ log }: Room, { since, until }: Gap): Entry[] | null {
  if (since > log.seq) return null;
  const entries = log.entriesAfter(since, MAX_MISSED + 1).filter(({ seq }) => seq <= until);
  return entries.length > MAX_MISSED ? null : entries;
}

const messagesOf = (entries: Entry[] | null): StoredMessage[] =>
  (entries ?? []).flatMap((entry) => (entry.kind === "deleted" ? [] : [entry.message]));

const filesOf = (entries: Entry[] | null): number[] => messagesOf(entries).flatMap(({ files }) => files);

/** The senders and files of what was missed. They are asked for first, so that all of it is sent in one turn. */
export interface MissedParts {
  attachments: ReadonlyMap<number, Attachment>;
  /** The card of a sender; undefined if the account is gone. */
  cardOf(sender: number): CardRow | undefined;
  /** Whether a block withholds what a sender has said. They may have left since: the room knows blocks of members only. */
  isApart(sender: number): boolean;
  /** False once a message with other files has come. */
  areAll(gap: Gap): boolean;
}

/** @param viewer who has missed it @throws Error when the database fails */
export async function findParts(room: Room, viewer: number, gap: Gap): Promise<MissedParts> {
  const entries = entriesIn(room, gap);
  const files = new Set(filesOf(entries));
  const senders = new Set(messagesOf(entries).map(({ sender }) => sender));
  const [attachments, cards] = await Promise.all([
    findAttachments(room.ctx, [...files]),
    findSenders(room.ctx, viewer, [...senders]),
  ]);
  return {
    attachments,
    // Who sends meanwhile is connected.
    cardOf: (sender) => (senders.has(sender) ? cards.get(sender) : room.people.card(sender)),
    isApart: (sender) => cards.get(sender)?.is_apart === 1 || room.people.areApart(viewer, sender),
    areAll: (now) => filesOf(entriesIn(room, now)).every((file) => files.has(file)),
  };
}

/** Sends what was missed, in order, then `resumed`. Too much is answered by `resync` alone: the client fetches the history again. */
export function sendMissed(
  room: Room,
  socket: WebSocket,
  { user, origin }: Listener,
  gap: Gap,
  { attachments, cardOf, isApart }: MissedParts,
): void {
  const { log, sockets } = room;
  const send = (event: object | null) => event && sockets.send(socket, JSON.stringify(event));
  const entries = entriesIn(room, gap);
  if (!entries) return void send({ type: "resync", seq: log.seq });
  if (gap.since < log.clearSeq && log.clearSeq <= gap.until) send(clearedEvent(room, log.clearSeq));
  for (const entry of entries) {
    if (entry.kind === "deleted") {
      send(deletedEvent(room, entry.id, entry.seq));
      continue;
    }
    const { sender } = entry.message;
    const type = entry.kind === "sent" ? "chat_message" : "message_edited";
    const receiver = { origin, isOwn: sender === user, isApart: isApart(sender) };
    const parts = { card: cardOf(sender), attachments };
    send(messageEvent(room, type, entry.message, parts)(receiver));
  }
  send({ type: "resumed", seq: log.seq });
}
