import { type CardRow, toCard } from "../../people/card.ts";
import { nobody } from "../cards.ts";
import type { StoredMessage } from "../contract.ts";
import { CLOSE } from "../contract.ts";
import type { Attachment } from "../files/attachments.ts";
import { toItem } from "../messages/item.ts";
import type { Listener } from "./sockets.ts";
import type { Room } from "./state.ts";

/** Who gets an event. */
export interface Receiver {
  origin: string;
  /** It is the one who has caused the event. */
  isOwn: boolean;
  /** One of the two has blocked the other. */
  isApart: boolean;
}

/** Makes the event for one kind of receivers; null for nothing. */
type Render = (receiver: Receiver) => object | null;

/** What the database knows of a message's sender and files. */
export interface Parts {
  /** Undefined if the account is gone. */
  card: CardRow | undefined;
  attachments: ReadonlyMap<number, Attachment>;
}

/** A message that is new or edited. @param clientId told to its sender alone */
export const messageEvent =
  (
    room: Room,
    type: "chat_message" | "message_edited",
    message: StoredMessage,
    { card, attachments }: Parts,
    clientId?: string,
  ): Render =>
  ({ origin, isOwn, isApart }) => {
    const view = { origin, isApart, isHidden: isApart && !room.isPrivate };
    const item = toItem(message, room.id, card, attachments, view);
    const seq = type === "message_edited" ? message.editSeq : message.seq;
    const own = isOwn && clientId !== undefined ? { client_id: clientId } : {};
    return { type, seq, ...item, message: item.text, ...own };
  };

/** A message that is gone. */
export const deletedEvent = (room: Room, id: string, seq: number): object => ({
  type: "message_deleted",
  seq,
  id,
  room: room.id,
});

/** All messages up to a position are gone. */
export const clearedEvent = (room: Room, seq: number): object => ({
  type: "messages_cleared",
  seq,
  room: room.id,
});

/** Somebody is typing, or has read a message. Those whom a block keeps apart hear nothing of it. */
export const personEvent =
  (room: Room, type: "user_typing" | "message_read", user: number, more: object = {}): Render =>
  ({ origin, isApart }) => {
    if (isApart) return null;
    const card = room.people.card(user);
    return {
      type,
      seq: room.log.seq,
      room: room.id,
      user: card ? toCard(card, origin) : nobody(user),
      ...more,
    };
  };

/**
 * Sends an event to all who listen.
 * @param by who has caused it
 * @param except a socket that gets nothing
 */
export function broadcast(room: Room, by: number, render: Render, except?: WebSocket): void {
  const { sockets, people } = room;
  const texts = new Map<string, string | null>();
  const now = Date.now();
  let sends = 0;
  for (const [socket, listener] of sockets.listeners) {
    if (socket === except || closeIfExpired(room, socket, listener, now)) continue;
    const isOwn = listener.user === by;
    const isApart = !isOwn && people.areApart(listener.user, by);
    const kind = `${isOwn} ${isApart} ${listener.origin}`;
    let text = texts.get(kind);
    if (text === undefined) {
      const event = render({ origin: listener.origin, isOwn, isApart });
      text = event && JSON.stringify(event);
      texts.set(kind, text);
    }
    if (text === null) continue;
    sockets.send(socket, text);
    sends++;
  }
  if (room.pace.delivered(sends)) tellSlowMode(room);
}

/** Tells all how long to wait between two messages; 0 at the end. */
function tellSlowMode(room: Room): void {
  const text = JSON.stringify({ type: "slow_mode", seconds: room.pace.slowSeconds });
  for (const socket of room.sockets.listeners.keys()) room.sockets.send(socket, text);
}

/** An expired token hears nothing more. @returns true if it is so */
export function closeIfExpired(
  { sockets }: Room,
  socket: WebSocket,
  { expiresAt }: Listener,
  now: number,
): boolean {
  if (expiresAt > now) return false;
  sockets.close(socket, CLOSE.unauthenticated, "The token has expired");
  return true;
}
