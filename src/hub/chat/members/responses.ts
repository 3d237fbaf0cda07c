import * as z from "zod/mini";

export const ChatMemberResponse = z.object({
  id: z.int(),
  /** The id of the room. */
  room: z.string(),
  /** Somebody whom the caller does not see has only an id. */
  user: z.object({
    id: z.int(),
    username: z.nullable(z.string()),
    full_name: z.string(),
    profile_picture: z.nullable(z.string()),
  }),
  role: z.enum(["owner", "admin", "member"]),
  joined_at: z.string(),
});
export type ChatMemberResponse = z.infer<typeof ChatMemberResponse>;

export const ChatMemberListResponse = z.array(ChatMemberResponse);
