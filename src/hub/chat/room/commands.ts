import { notFound } from "../../../lib/errors.ts";
import { badField } from "../../../lib/field-errors.ts";
import { notAllowed } from "../../errors.ts";
import { findAttachments, takeFiles } from "../files/attachments.ts";
import { type MessagePlace, placeOf } from "../message-ids.ts";
import { editMessage, removeMessage } from "./changes.ts";
import { isModerator } from "./entry.ts";
import { broadcast, deletedEvent, messageEvent, personEvent } from "./events.ts";
import type { Frame } from "./frames.ts";
import type { Send } from "./log.ts";
import { findParts, sendMissed } from "./resume.ts";
import type { Listener } from "./sockets.ts";
import type { Room } from "./state.ts";

/** Typing is not told in rooms with more sockets. */
const MOST_FOR_TYPING = 100;
/** Reading is not told in rooms with more sockets. */
const MOST_FOR_READING = 300;

type Of<Type extends Frame["type"]> = Extract<Frame, { type: Type }>;

/** Who has sent a frame. */
export interface Speaker {
  socket: WebSocket;
  listener: Listener;
}

/** Does what a frame asks for. @throws ServiceError that the speaker is told; Error when the database fails */
export async function obey(room: Room, speaker: Speaker, frame: Frame): Promise<void> {
  switch (frame.type) {
    case "chat_message":
      return sendMessage(room, speaker, frame);
    case "message_edited":
      return edit(room, speaker, frame);
    case "message_deleted":
      return remove(room, speaker, frame);
    case "message_read":
      return noteRead(room, speaker, frame);
    case "user_typing":
      return tellTyping(room, speaker);
    case "resume":
      return resume(room, speaker, frame);
    case "auth": // has been done
  }
}

async function sendMessage(
  room: Room,
  speaker: Speaker,
  { message, reply_to, files, client_id }: Of<"chat_message">,
): Promise<void> {
  const { ctx, log, reads, sockets } = room;
  const { user } = speaker.listener;
  const earlier = () => (client_id === undefined ? undefined : log.findSend(user, client_id));
  refuseIfApart(room, user);
  const attachments = await takeFiles(ctx, user, files.length > 0 && earlier() ? [] : files);
  const known = earlier();
  if (known && client_id !== undefined) return repeat(room, speaker, known, client_id);
  if (!sockets.listener(speaker.socket)) return; // closed meanwhile
  if (reply_to !== null && !log.find(...keyOf(placeIn(room, reply_to))))
    throw badField("reply_to", `Invalid pk "${reply_to}" - object does not exist.`);
  const stored = log.add({ sender: user, text: message, replyTo: reply_to, files, clientId: client_id });
  reads.note(user, stored.number);
  const parts = { card: room.people.card(user), attachments };
  broadcast(room, user, messageEvent(room, "chat_message", stored, parts, client_id));
}

/** A `client_id` that came before: its sender alone is told again what became of it. */
async function repeat(
  room: Room,
  { socket, listener }: Speaker,
  found: Send,
  client_id: string,
): Promise<void> {
  const { user, origin } = listener;
  const attachments = await findAttachments(room.ctx, "deletedId" in found ? [] : found.files);
  // Race: it may have been edited or deleted meanwhile, and this socket has heard of that.
  const known = room.log.findSend(user, client_id) ?? found;
  const parts = { card: room.people.card(user), attachments };
  const render =
    "deletedId" in known
      ? () => ({ ...deletedEvent(room, known.deletedId, room.log.seq), client_id })
      : messageEvent(room, "chat_message", known, parts, client_id);
  const event = render({ origin, isOwn: true, isApart: false });
  room.sockets.send(socket, JSON.stringify(event));
}

async function edit(room: Room, { listener }: Speaker, { id, message }: Of<"message_edited">): Promise<void> {
  const { user } = listener;
  refuseIfApart(room, user);
  const edited = await editMessage(room, { ...placeIn(room, id), user, text: message });
  if (edited === null) throw notFound("Message");
  if (edited === "refused") throw notAllowed();
}

async function remove(room: Room, { listener }: Speaker, { id }: Of<"message_deleted">): Promise<void> {
  const { user } = listener;
  const place = placeIn(room, id);
  const own = removeMessage(room, { ...place, user, isModerator: false });
  if (own === null) throw notFound("Message");
  if (own === "removed") return;
  if (!(await isModerator(room.ctx, room.id, user))) throw notAllowed();
  removeMessage(room, { ...place, user, isModerator: true });
}

function noteRead(room: Room, { listener }: Speaker, { id }: Of<"message_read">): void {
  const { log, reads, sockets } = room;
  const { seq } = placeIn(room, id);
  if (seq > log.seq) throw notFound("Message");
  if (!reads.note(listener.user, log.numberAt(seq)) || sockets.listeners.size > MOST_FOR_READING) return;
  broadcast(room, listener.user, personEvent(room, "message_read", listener.user, { id }));
}

function tellTyping(room: Room, { socket, listener }: Speaker): void {
  const { sockets, pace } = room;
  if (sockets.listeners.size > MOST_FOR_TYPING || !pace.mayTellTyping(listener.user)) return;
  broadcast(room, listener.user, personEvent(room, "user_typing", listener.user), socket);
}

/** What the socket has heard since it was opened does not come again. */
async function resume(room: Room, { socket, listener }: Speaker, { since }: Of<"resume">): Promise<void> {
  const gap = { since, until: listener.from };
  const parts = await findParts(room, listener.user, gap);
  if (room.sockets.listener(socket)) sendMissed(room, socket, listener, gap, parts);
}

/** @throws ServiceError not_found for an id of another room */
function placeIn(room: Room, id: string): MessagePlace {
  const place = placeOf(id);
  if (place?.roomKey !== room.log.roomKey) throw notFound("Message");
  return place;
}

const keyOf = ({ seq, at }: MessagePlace): [seq: number, at: number] => [seq, at];

/** In a private room a block ends the talk; its history stays. */
function refuseIfApart(room: Room, user: number): void {
  if (room.isPrivate && room.people.hasBlocks(user)) throw notAllowed();
}
