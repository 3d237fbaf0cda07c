import { runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { expect } from "vitest";
import type { ChatRoomResponse } from "../../src/hub/chat/rooms/responses.ts";
import { hubDb, type Person } from "./hub-client.ts";

const ROOMS = "/api/chat/rooms/";

export const roomUrl = (room: string): string => `${ROOMS}${room}/`;
export const membersUrl = (room: string, what: string): string => `/api/chat/members/${room}/${what}/`;

/** Creates a group of its owner and others. */
export async function createGroup(owner: Person, ...others: Person[]): Promise<ChatRoomResponse> {
  const { status, body } = await owner.call<ChatRoomResponse>("POST", ROOMS, {
    ...{ room_type: "group", name: "Team", members: others.map(({ id }) => id) },
  });
  expect([status, body]).toEqual([201, expect.anything()]);
  return body;
}

export const postPrivate = (by: Person, ...members: number[]) =>
  by.call<ChatRoomResponse>("POST", ROOMS, { room_type: "private", members });

/** The private room of two. */
export async function createPrivate(by: Person, other: Person): Promise<ChatRoomResponse> {
  const { status, body } = await postPrivate(by, other.id);
  expect(status).toBe(201);
  return body;
}

/** Who is in a room, as it is stored: `rank` by user. */
export async function ranksOf(room: string): Promise<Record<number, number>> {
  const { results } = await hubDb
    .prepare("SELECT user_id, rank FROM hub_room_members WHERE room_id = ?")
    .bind(room)
    .all<{ user_id: number; rank: number }>();
  return Object.fromEntries(results.map(({ user_id, rank }) => [user_id, rank]));
}

/** Gives a member a rank, without asking the API. */
export const setRank = (room: string, user: number, rank: number) =>
  hubDb
    .prepare("UPDATE hub_room_members SET rank = ? WHERE room_id = ? AND user_id = ?")
    .bind(rank, room, user)
    .run();

export const rowOfRoom = (room: string) =>
  hubDb.prepare("SELECT * FROM hub_rooms WHERE id = ?").bind(room).first<Record<string, unknown>>();

/** Reports messages to the database, as the room's Object does. @returns the id of the newest */
export async function reportMessages(
  room: string,
  sender: Person,
  number: number,
  text: string,
): Promise<string> {
  const id = crypto.randomUUID();
  const at = Date.now();
  await hubDb
    .prepare(
      "UPDATE hub_rooms SET last_number = ?, last_seq = ?, last_message = ?, active_at = ? WHERE id = ?",
    )
    .bind(number, number, JSON.stringify({ id, sender: sender.id, text, at }), at, room)
    .run();
  return id;
}

const stubOf = (room: string) => env.CHAT_ROOM.getByName(room);

/** Reports what is due now. */
export const reportNow = (room: string) => runDurableObjectAlarm(stubOf(room));

/** The names of what a room's Object has stored. */
export const storedIn = (room: string): Promise<string[]> =>
  runInDurableObject(stubOf(room), (_, { storage }) => [...storage.kv.list()].map(([key]) => key));
