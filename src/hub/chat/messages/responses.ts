import * as z from "zod/mini";
import { ChatFileResponse } from "../files/responses.ts";

export const ChatMessageResponse = z.object({
  id: z.string(),
  /** The id of the room. */
  room: z.string(),
  /** Of an account that is gone, and across a block, only the id is told. */
  sender: z.object({
    id: z.int(),
    username: z.nullable(z.string()),
    full_name: z.string(),
    profile_picture: z.nullable(z.string()),
  }),
  text: z.string(),
  /** The id of the message that it answers. */
  reply_to: z.nullable(z.string()),
  attachments: z.array(ChatFileResponse),
  is_edited: z.boolean(),
  created_at: z.string(),
  update_at: z.string(),
  /** True where a block withholds the content. */
  is_hidden: z.optional(z.literal(true)),
});

export const ChatHistoryResponse = z.object({
  count: z.int(),
  next: z.nullable(z.string()),
  previous: z.nullable(z.string()),
  results: z.array(ChatMessageResponse),
});

export const ChatTicketResponse = z.object({
  ticket: z.string(),
  /** In seconds. */
  expires_in: z.int(),
});
