import { type Issue, invalid, notFound } from "../../../lib/errors.ts";
import { badField } from "../../../lib/field-errors.ts";
import { type SQL, sql } from "../../../platform/d1/sql.ts";
import type { UserCtx } from "../../context.ts";
import { useFile } from "../../media/rows.ts";
import { isOpenTo } from "../../people/visibility.ts";
import { RANK } from "../ranks.ts";
import { getRoom } from "./read.ts";
import type { ChatRoomResponse } from "./responses.ts";
import type { GroupCreate, RoomCreate } from "./schemas.ts";
import { selectTaken, TAKEN } from "./usernames.ts";

/** A key that another room has is as likely as one in 2^40 for each room. */
const TRIES = 3;

/** A room, and whether it was there before. */
interface Made {
  room: ChatRoomResponse;
  isNew: boolean;
}

/**
 * Creates a room. The same two people always get the same private one.
 * @throws ServiceError invalid for members whom the caller may not add, a wrong number of them, and a taken username;
 *   not_found if the caller's account was deleted meanwhile
 */
export async function createRoom(ctx: UserCtx, input: RoomCreate): Promise<Made> {
  const others = [...new Set(input.members)].filter((id) => id !== ctx.user.id);
  for (let tries = 0; tries < TRIES; tries++) {
    const id = crypto.randomUUID();
    const made =
      input.room_type === "group"
        ? await createGroup(ctx, { id, others, input })
        : await createPrivate(ctx, id, others);
    if (made) return { room: await getRoom(ctx, made), isNew: made === id };
  }
  throw notFound("User");
}

/** @returns the id of the room of the two, which is another one if it was there before; null to try again */
async function createPrivate(ctx: UserCtx, id: string, others: number[]): Promise<string | null> {
  const [other] = others;
  if (other === undefined || others.length > 1)
    throw badField("members", "A private chat has exactly one other member.");
  const { db, user } = ctx;
  const pair = [user.id, other].sort((a, b) => a - b).join(":");
  const [, , [found], [unknown]] = await db.batch([
    insertRoom(user.id, others, { id, room_type: "private", pair }),
    insertMembers(id, [
      [user.id, RANK.member],
      [other, RANK.member],
    ]),
    sql<{ id: string }>`SELECT id FROM hub_rooms WHERE pair = ${pair}`,
    selectUnknown(user.id, others),
  ]);
  if (found) return found.id;
  if (unknown) throw invalid("Invalid request data", [absent(unknown)]);
  return null;
}

/** @returns the id of the group; null to try again */
async function createGroup(
  { db, user }: UserCtx,
  { id, others, input }: { id: string; others: number[]; input: GroupCreate },
): Promise<string | null> {
  const { name, username, description, profile_pic } = input;
  const isMade = sql`EXISTS (SELECT 1 FROM hub_rooms WHERE id = ${id})`;
  const members: [number, number][] = others.map((other) => [other, RANK.member]);
  const [[created], , , unknown, [taken]] = await db.batch([
    insertRoom(user.id, others, {
      ...{ id, room_type: "group", name, username, description, picture: profile_pic?.key ?? null },
    }),
    insertMembers(id, [[user.id, RANK.owner], ...members]),
    // The file of a group that did not come to be must go after a day.
    profile_pic ? [sql`${useFile(profile_pic.key)} AND ${isMade}`] : [],
    selectUnknown(user.id, others),
    selectTaken(username, id),
  ]);
  if (created) return id;
  const issues = [...unknown.map(absent), ...(taken ? [{ path: "username", message: TAKEN }] : [])];
  if (issues.length > 0) throw invalid("Invalid request data", issues);
  return null;
}

interface NewRoom {
  id: string;
  room_type: "private" | "group";
  name?: string;
  username?: string | null;
  description?: string | null;
  picture?: string | null;
  pair?: string;
}

/** Inserts nothing if a member is not to be added, or the username, the pair or the key is there already. */
function insertRoom(me: number, others: number[], room: NewRoom): SQL<{ id: string }> {
  const {
    id,
    room_type,
    name = null,
    username = null,
    description = null,
    picture = null,
    pair = null,
  } = room;
  const now = Date.now();
  return sql<{ id: string }>`
    INSERT INTO hub_rooms (id, key, room_type, name, username, description, picture, pair, active_at, created_at)
    SELECT ${id}, ${newKey()}, ${room_type}, ${name}, ${username}, ${description}, ${picture}, ${pair}, ${now}, ${now}
    WHERE EXISTS (SELECT 1 FROM hub_users WHERE id = ${me} AND deleted_at IS NULL)
      AND NOT EXISTS (${selectUnknown(me, others)})
    ON CONFLICT DO NOTHING RETURNING id`;
}

/** Inserts the members of a room that was just inserted. */
const insertMembers = (room: string, members: [user: number, rank: number][]): SQL => sql`
  INSERT INTO hub_room_members (room_id, user_id, rank, joined_at)
  SELECT r.id, m.value ->> 0, m.value ->> 1, r.created_at
  FROM hub_rooms r CROSS JOIN json_each(${JSON.stringify(members)}) m WHERE r.id = ${room}`;

/** Those whom the caller may not add: not seen, or private profiles that do not have the caller as contact. */
const selectUnknown = (me: number, others: number[]): SQL<{ id: number }> => sql<{ id: number }>`
  SELECT p.value AS id FROM json_each(${JSON.stringify(others)}) p
  WHERE NOT EXISTS (SELECT 1 FROM hub_users u WHERE u.id = p.value AND ${isOpenTo(me)})`;

const absent = ({ id }: { id: number }): Issue => ({
  path: "members",
  message: `Invalid pk "${id}" - object does not exist.`,
});

/** 40 random bits. */
const newKey = (): number =>
  crypto.getRandomValues(new Uint8Array(5)).reduce((key, byte) => key * 256 + byte, 0);
