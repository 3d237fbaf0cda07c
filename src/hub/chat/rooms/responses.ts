import * as z from "zod/mini";

/** Somebody whom the caller does not see has only an id. */
const Card = z.object({
  id: z.int(),
  username: z.nullable(z.string()),
  full_name: z.string(),
  profile_picture: z.nullable(z.string()),
});

export const ChatRoomResponse = z.object({
  id: z.string(),
  room_type: z.enum(["private", "group"]),
  /** Of a group. So are the next three. */
  name: z.nullable(z.string()),
  /** In lower case. */
  username: z.nullable(z.string()),
  description: z.nullable(z.string()),
  profile_pic: z.nullable(z.string()),
  /** At most 100: the owner, the admins and the caller first. */
  members: z.array(Card),
  /** All members. */
  member_count: z.int(),
  /** Messages that the caller has not read. It may be 10 seconds old. */
  unread_count: z.int(),
  /** The newest message. It may be 10 seconds old. */
  last_message: z.nullable(
    z.object({
      id: z.string(),
      sender: Card,
      /** Its first 200 characters. */
      text: z.string(),
      created_at: z.string(),
      /** True where a block withholds the content. */
      is_hidden: z.optional(z.literal(true)),
    }),
  ),
  created_at: z.string(),
});
export type ChatRoomResponse = z.infer<typeof ChatRoomResponse>;

export const ChatRoomListResponse = z.array(ChatRoomResponse);

export const ChatDoneResponse = z.object({ message: z.string() });
