import { type SQL, sql } from "../../../platform/d1/sql.ts";
import type { Ctx } from "../../context.ts";
import { CARD_COLUMNS, type CardRow } from "../../people/card.ts";
import { CLOSE } from "../contract.ts";
import { RANK } from "../ranks.ts";
import type { Listener } from "./sockets.ts";

// What the database says of those who listen. It alone decides who is a member.

/** A member who may listen. */
export interface Entry {
  /** The room's version at that moment. */
  version: number;
  card: CardRow;
  /** The members whom they have blocked, or who have blocked them. */
  apart: number[];
}

/** Why somebody may not listen: a code of `CLOSE`. */
export type Refusal = (typeof CLOSE)["unauthenticated" | "forbidden" | "notFound"];

/**
 * Finds whether somebody may listen, in one transaction. Race: it first notes that they listen, so that the end of the
 * session either is seen here or rings the room.
 */
export async function enter(
  { db }: Ctx,
  room: string,
  { user, session }: Pick<Listener, "user" | "session">,
): Promise<Entry | Refusal> {
  const isMember = sql`SELECT 1 FROM hub_room_members m WHERE m.room_id = ${room} AND m.user_id = ${user}`;
  const [, [found], apart] = await db.batch([
    sql`INSERT INTO hub_room_listeners (user_id, room_id) SELECT ${user}, ${room} WHERE EXISTS (${isMember})
        ON CONFLICT DO NOTHING`,
    sql<CardRow & { version: number; is_member: 0 | 1; session: string | null }>`
      SELECT r.version, EXISTS (${isMember}) AS is_member, s.id AS session, ${CARD_COLUMNS} FROM hub_rooms r
      LEFT JOIN hub_sessions s ON s.user_id = ${user} AND s.id = ${session} AND s.expires_at > ${Date.now()}
      LEFT JOIN hub_users u ON u.id = s.user_id AND u.deleted_at IS NULL
      WHERE r.id = ${room} AND r.deleted_at IS NULL`,
    blocksOf(room, sql`VALUES (${user})`),
  ]);
  if (!found) return CLOSE.notFound;
  const { version, is_member, session: isAlive, ...card } = found;
  if (isAlive === null || card.user_id === null) return CLOSE.unauthenticated;
  if (!is_member) return CLOSE.forbidden;
  return { version, card, apart: apart.map(({ other }) => other) };
}

/**
 * Blocks of some members with other members, from both sides. With CROSS JOIN it reads their blocks, and not all members.
 * @param users for IN
 */
const blocksOf = (room: string, users: SQL): SQL<{ user: number; other: number }> => sql`
  SELECT b.user_id AS user, b.blocked_id AS other FROM hub_blocks b
  CROSS JOIN hub_room_members m ON m.room_id = ${room} AND m.user_id = b.blocked_id WHERE b.user_id IN (${users})
  UNION
  SELECT b.blocked_id AS user, b.user_id AS other FROM hub_blocks b
  CROSS JOIN hub_room_members m ON m.room_id = ${room} AND m.user_id = b.user_id WHERE b.blocked_id IN (${users})`;

/** What became of listeners. */
export interface Checked {
  /** The room's version at that moment; null if the room is gone. */
  version: number | null;
  /** By `user session`: those whose session goes on. */
  sessions: Set<string>;
  members: Map<number, { card: CardRow; apart: number[] }>;
}

/** Asks again who of some listeners may listen, in one transaction. It reads four rows for each. */
export async function check({ db }: Ctx, room: string, listeners: Listener[]): Promise<Checked> {
  const users = JSON.stringify([...new Set(listeners.map(({ user }) => user))]);
  const pairs = JSON.stringify(listeners.map(({ user, session }) => [user, session]));
  const [[found], sessions, members, blocks] = await db.batch([
    sql<{ version: number }>`SELECT version FROM hub_rooms WHERE id = ${room} AND deleted_at IS NULL`,
    sql<{ user_id: number; id: string }>`
      SELECT s.user_id, s.id FROM json_each(${pairs}) p
      CROSS JOIN hub_sessions s ON s.user_id = p.value ->> 0 AND s.id = p.value ->> 1
      WHERE s.expires_at > ${Date.now()}`,
    sql<CardRow>`
      SELECT ${CARD_COLUMNS} FROM json_each(${users}) p
      CROSS JOIN hub_room_members m ON m.room_id = ${room} AND m.user_id = p.value
      CROSS JOIN hub_users u ON u.id = m.user_id AND u.deleted_at IS NULL`,
    blocksOf(room, sql`SELECT value FROM json_each(${users})`),
  ]);
  const apart = Map.groupBy(blocks, ({ user }) => user);
  return {
    version: found?.version ?? null,
    sessions: new Set(sessions.map(({ user_id, id }) => `${user_id} ${id}`)),
    members: new Map(
      members.map((card) => [
        card.user_id,
        { card, apart: (apart.get(card.user_id) ?? []).map(({ other }) => other) },
      ]),
    ),
  };
}

/** Forgets that people listen, who do no longer. */
export const forgetListeners = ({ db }: Ctx, room: string, users: number[]): Promise<void> =>
  db.run(sql`
    DELETE FROM hub_room_listeners
    WHERE room_id = ${room} AND user_id IN (SELECT value FROM json_each(${JSON.stringify(users)}))`);

/** Whether somebody may delete messages of others: the owner and the admins of a group. */
export async function isModerator({ db }: Ctx, room: string, user: number): Promise<boolean> {
  const [found] = await db.all(sql<{ rank: number }>`
    SELECT m.rank FROM hub_room_members m WHERE m.room_id = ${room} AND m.user_id = ${user} AND m.rank < ${RANK.member}`);
  return found !== undefined;
}
