import { SignJWT } from "jose";
import type { RunningWorker, Secrets } from "../../support/worker.ts";
import { BARE_PATH, type Filling, ROOMS_PATH, type RoomsReading } from "../contract.ts";
import type { Door } from "./sockets.ts";

/** A room of the users 1, 2 … */
export interface FilledRoom {
  id: string;
  key: number;
}

/** Signs in the users 1, 2 … without a password. @returns their access tokens */
export async function signInAll(
  { hubDb }: RunningWorker,
  secrets: Secrets,
  count: number,
): Promise<string[]> {
  await hubDb
    .prepare(
      `WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?1)
       INSERT INTO hub_sessions (user_id, id, refreshed_at, created_at, expires_at)
       SELECT i, 'bench', ?2, ?2, ?2 + 86400000 FROM n`,
    )
    .bind(count, Date.now())
    .run();
  const key = new TextEncoder().encode(secrets.HUB_JWT_SECRET);
  const sign = (user: number) =>
    new SignJWT({ sid: "bench", token_type: "access" })
      .setProtectedHeader({ alg: "HS256" })
      .setIssuer("xabar-hub")
      .setAudience("uzbekhub")
      .setSubject(String(user))
      .setIssuedAt()
      .setExpirationTime("12h")
      .sign(key);
  return Promise.all(Array.from({ length: count }, (_, nth) => sign(nth + 1)));
}

/** Makes a group by its rows: it belongs to user 1. */
export async function createRoom({ hubDb }: RunningWorker, members: number): Promise<FilledRoom> {
  const id = crypto.randomUUID();
  const key = crypto.getRandomValues(new Uint32Array(1))[0] ?? 0;
  const now = Date.now();
  await hubDb.batch([
    hubDb
      .prepare(
        `INSERT INTO hub_rooms (id, key, room_type, name, active_at, created_at)
         VALUES (?, ?, 'group', 'Bench', ?, ?)`,
      )
      .bind(id, key, now, now),
    hubDb
      .prepare(
        `WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?1)
         INSERT INTO hub_room_members (room_id, user_id, rank, joined_at) SELECT ?2, i, iif(i = 1, 0, 2), ?3 FROM n`,
      )
      .bind(members, id, now),
  ]);
  return { id, key };
}

/** The doors of a room for the owners of some tokens. */
export const doorsOf = ({ url }: RunningWorker, { id }: FilledRoom, tokens: string[]): Door[] =>
  tokens.map((token) => ({ url: `${webSocket(url)}/ws/chat/${id}/`, token }));

/** The doors of a bare room for a number of people. */
export const bareDoors = ({ url }: RunningWorker, room: string, count: number): Door[] =>
  Array.from({ length: count }, (_, nth) => ({
    url: `${webSocket(url)}${BARE_PATH}${room}?user=${nth + 1}`,
    token: null,
  }));

const webSocket = (url: string): string => url.replace(/^http/, "ws");

/** Puts messages into an empty room. Its Object starts again then. */
export const fillRoom = (worker: RunningWorker, filling: Filling): Promise<RoomsReading> =>
  control(worker, "POST", "", filling);

/** Reads the rooms' meter. */
export const readRooms = (worker: RunningWorker): Promise<RoomsReading> => control(worker, "GET");

/** Resets the rooms' meter. @param counting whether it counts rows from now on */
export const resetRooms = (worker: RunningWorker, counting: boolean): Promise<RoomsReading> =>
  control(worker, "DELETE", counting ? "?counting" : "");

async function control(
  { url }: RunningWorker,
  method: string,
  query = "",
  body?: object,
): Promise<RoomsReading> {
  const response = await fetch(`${url}${ROOMS_PATH}${query}`, {
    method,
    ...(body ? { body: JSON.stringify(body) } : {}),
  });
  const text = await response.text();
  if (!response.ok) throw new Error(`The rooms' meter: ${response.status} ${text}`);
  return JSON.parse(text);
}
