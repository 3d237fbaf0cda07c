import { notFound } from "../../lib/errors.ts";
import { badField } from "../../lib/field-errors.ts";
import { type SQL, sql } from "../../platform/d1/sql.ts";
import type { Viewer } from "../context.ts";
import { notAllowed } from "../errors.ts";

/** Who somebody is in a room at the moment of a change. */
export interface Standing {
  room_type: "private" | "group";
  /** See `RANK`. */
  rank: number;
  /** Of the other person; null for somebody who is no member. */
  other_rank: number | null;
}

/**
 * Reads who the caller is in a room, and another person. For the batch of a change, before it: it says why the change,
 * which decides by `isGroupOf` itself, has done nothing.
 */
export const selectStanding = (user: Viewer, room: string, other = 0): SQL<Standing> => sql<Standing>`
  SELECT r.room_type, m.rank,
    (SELECT o.rank FROM hub_room_members o WHERE o.room_id = r.id AND o.user_id = ${other}) AS other_rank
  FROM hub_rooms r JOIN hub_room_members m ON m.room_id = r.id AND m.user_id = ${user.id}
  WHERE r.id = ${room} AND r.deleted_at IS NULL`;

/** The condition that a room is a group in which the caller has this rank or a better one. */
export const isGroupOf = (user: Viewer, room: string, rank: number): SQL => sql`EXISTS (
  SELECT 1 FROM hub_rooms r JOIN hub_room_members c ON c.room_id = r.id AND c.user_id = ${user.id}
  WHERE r.id = ${room} AND r.deleted_at IS NULL AND r.room_type = 'group' AND c.rank <= ${rank})`;

/** @throws ServiceError not_found for a room that is not the caller's */
export function requireMember(standing: Standing | undefined): Standing {
  if (!standing) throw notFound("Room");
  return standing;
}

/**
 * @throws ServiceError not_found for a room that is not the caller's; forbidden for a private room, and for a caller of a
 *   lower rank
 */
export function requireRank(found: Standing | undefined, rank: number): Standing {
  const standing = requireMember(found);
  if (standing.room_type === "private" || standing.rank > rank) throw notAllowed();
  return standing;
}

/** @returns the rank of another member @throws ServiceError invalid for oneself, and for somebody who is no member */
export function requireOther({ other_rank }: Standing, isSelf: boolean): number {
  if (isSelf) throw badField("user_id", "You cannot do this with yourself.");
  if (other_rank === null) throw badField("user_id", "This user is not a member of the room.");
  return other_rank;
}
