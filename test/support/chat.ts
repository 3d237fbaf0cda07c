import { env, exports } from "cloudflare:workers";
import { uuidv7 } from "../../src/lib/ids.ts";
import { hubDb, type Person } from "./hub-client.ts";
import { waitFor } from "./wait.ts";

// biome-ignore lint/suspicious/noExplicitAny: a test says what it expects of an event
export type ChatEvent = { type: string; seq?: number } & Record<string, any>;

/** A socket of a room, and all that came by it. */
export interface ChatSocket {
  events: ChatEvent[];
  /** Why it was closed; undefined while it is open. */
  closed: { code: number; reason: string } | undefined;
  send(frame: object | string): void;
  close(): void;
  /** Waits for an event that came, or comes. */
  waitFor(type: string, fits?: (event: ChatEvent) => boolean): Promise<ChatEvent>;
  /** Waits until it is closed. @returns the code */
  waitForClose(): Promise<number>;
}

/** Opens a socket. @param query of the URL, with `?` */
export async function openSocket(room: string, query = "", headers: HeadersInit = {}): Promise<ChatSocket> {
  const request = new Request(`https://xabar.test/ws/chat/${room}/${query}`, {
    headers: { upgrade: "websocket", ...headers },
  });
  const { status, webSocket } = await exports.default.fetch(request);
  if (!webSocket) throw new Error(`No socket: ${status}`);
  const events: ChatEvent[] = [];
  const socket: ChatSocket = {
    events,
    closed: undefined,
    send: (frame) => webSocket.send(typeof frame === "string" ? frame : JSON.stringify(frame)),
    close: () => webSocket.close(1000, "done"),
    waitFor: (type, fits = () => true) =>
      waitFor(() => {
        const event = events.find((each) => each.type === type && fits(each));
        if (!event)
          throw new Error(`No ${type} among ${JSON.stringify(events)}, ${JSON.stringify(socket.closed)}`);
        return event;
      }, 10),
    waitForClose: () =>
      waitFor(() => {
        if (!socket.closed) throw new Error("It is open");
        return socket.closed.code;
      }, 10),
  };
  webSocket.addEventListener("message", ({ data }) => {
    events.push(JSON.parse(String(data)));
  });
  webSocket.addEventListener("close", ({ code, reason }) => {
    socket.closed = { code, reason };
  });
  webSocket.accept();
  return socket;
}

/** Opens a socket as somebody who is signed in, and waits until it listens. */
export async function listen({ token }: Person, room: string, query = ""): Promise<ChatSocket> {
  const socket = await openSocket(room, query, { authorization: `Bearer ${token}` });
  await socket.waitFor("hello");
  return socket;
}

/** Makes a room by its rows. @param people a private room of two; a group belongs to the first */
export async function createRoom(
  people: Person[],
  room_type: "private" | "group" = "group",
): Promise<string> {
  const id = crypto.randomUUID();
  const now = Date.now();
  const key = Number.parseInt(uuidv7().slice(-10), 16);
  const ids = people.map((person) => person.id).sort((a, b) => a - b);
  await hubDb.batch([
    hubDb
      .prepare(
        `INSERT INTO hub_rooms (id, key, room_type, name, pair, active_at, created_at) VALUES (?, ?, ?, ?, ?, ?, ?)`,
      )
      .bind(
        id,
        key,
        room_type,
        room_type === "group" ? "Group" : null,
        room_type === "group" ? null : ids.join(":"),
        now,
        now,
      ),
    ...people.map((person, nth) =>
      hubDb
        .prepare("INSERT INTO hub_room_members (room_id, user_id, rank, joined_at) VALUES (?, ?, ?, ?)")
        .bind(id, person.id, room_type === "group" && nth === 0 ? 0 : 2, now),
    ),
  ]);
  return id;
}

/** Sends a message, and waits until its sender hears it. */
export async function say(socket: ChatSocket, message: string, more: object = {}): Promise<ChatEvent> {
  const client_id = crypto.randomUUID();
  socket.send({ type: "chat_message", message, client_id, ...more });
  return socket.waitFor("chat_message", (event) => event.client_id === client_id);
}

/** The object of a room. */
export const roomOf = (room: string) => env.CHAT_ROOM.getByName(room);
