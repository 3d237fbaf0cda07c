import * as z from "zod/mini";
import { FOLDERS } from "../folders.ts";
import { MessageResponse } from "../messages/responses.ts";

export const Conversation = z.object({
  thread_id: z.uuid(),
  email_account_id: z.uuid(),
  account_email: z.string(),
  company_id: z.int(),
  subject: z.string(),
  /** Shown messages; in a view of junk, trash or drafts, the others. */
  message_count: z.int(),
  version: z.int(),
  /** When `message` was sent. It orders the list. */
  last_message_at: z.iso.datetime(),
  /** The newest message of the view. */
  message: z.object({
    id: z.uuid(),
    from_address: z.string(),
    from_name: z.nullable(z.string()),
    /** The first 20. */
    to_addresses: MessageResponse.shape.to_addresses,
    snippet: z.nullable(z.string()),
    direction: z.enum(["inbound", "outbound"]),
    folder: z.enum(FOLDERS),
    sent_at: z.iso.datetime(),
  }),
  /** At most five senders of the newest 50 messages, the newest first. The fields below cover the same messages. */
  participants: z.array(z.object({ name: z.nullable(z.string()), email: z.string() })),
  has_attachments: z.boolean(),
  unread_count: z.int(),
  is_starred: z.boolean(),
  /** True if the caller has archived each inbound message; without inbound ones, each message. */
  is_archived: z.boolean(),
});
export type Conversation = z.infer<typeof Conversation>;

export const ConversationListResponse = z.object({
  items: z.array(Conversation),
  next_cursor: z.nullable(z.string()),
});
export type ConversationListResponse = z.infer<typeof ConversationListResponse>;

const Entries = z.optional(z.array(z.uuid()));

/** The ids of the inbox entries that have changed, by field: `PATCH /inbox` with them takes the change back. */
const Changed = z.object({ is_read: Entries, is_starred: Entries, is_archived: Entries });

export const ConversationChangeResponse = z.object({ changed: Changed });
export type ConversationChangeResponse = z.infer<typeof ConversationChangeResponse>;

/** `not_found` has the ids of threads that are not the caller's. */
export const ConversationsChangeResponse = z.object({ changed: Changed, not_found: z.array(z.string()) });
export type ConversationsChangeResponse = z.infer<typeof ConversationsChangeResponse>;
