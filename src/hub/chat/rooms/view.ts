import { isoOf } from "../../../lib/time.ts";
import { mediaUrl } from "../../media/urls.ts";
import { cardOf, type PersonRow } from "../cards.ts";
import type { LastMessage } from "../contract.ts";
import { RANK } from "../ranks.ts";
import type { ChatRoomResponse } from "./responses.ts";

/** Members that a room names. */
export const MAX_MEMBERS = 100;

/** A room, with the person who has sent its newest message. */
export type RoomRow = PersonRow & {
  id: string;
  room_type: "private" | "group";
  name: string | null;
  room_username: string | null;
  description: string | null;
  picture: string | null;
  member_count: number;
  /** JSON of `LastMessage`. */
  last_message: string | null;
  unread: number;
  created_at: number;
};

export type MemberRow = PersonRow & {
  room_id: string;
  /** The user's id. */
  member: number;
  rank: number;
};

interface View {
  /** The id of who looks. */
  me: number;
  /** The module's public base URL. */
  origin: string;
}

/** @param members its first ones, and who looks, who may be there twice */
export const toRoom = (row: RoomRow, members: MemberRow[], { me, origin }: View): ChatRoomResponse => ({
  id: row.id,
  room_type: row.room_type,
  name: row.name,
  username: row.room_username,
  description: row.description,
  profile_pic: mediaUrl(origin, row.picture),
  members: named(members, me).map((each) => cardOf(each, each.member, origin)),
  member_count: row.member_count,
  unread_count: row.unread,
  last_message: row.last_message === null ? null : toLastMessage(row, JSON.parse(row.last_message), origin),
  created_at: isoOf(row.created_at),
});

/** The owner, the admins, who looks, the others. Who looks is always among them. */
function named(members: MemberRow[], me: number): MemberRow[] {
  const self = members.filter(({ member }) => member === me).slice(0, 1);
  const others = members.filter(({ member }) => member !== me).slice(0, MAX_MEMBERS - self.length);
  return [
    ...others.filter(({ rank }) => rank === RANK.owner),
    ...self.filter(({ rank }) => rank === RANK.owner),
    ...others.filter(({ rank }) => rank === RANK.admin),
    ...self.filter(({ rank }) => rank !== RANK.owner),
    ...others.filter(({ rank }) => rank === RANK.member),
  ];
}

function toLastMessage(
  row: RoomRow,
  { id, sender, text, at }: LastMessage,
  origin: string,
): ChatRoomResponse["last_message"] {
  const isHidden = row.is_apart === 1 && row.room_type === "group";
  return {
    id,
    sender: cardOf(row, sender, origin),
    text: isHidden ? "" : text,
    created_at: isoOf(at),
    ...(isHidden ? { is_hidden: true } : {}),
  };
}
