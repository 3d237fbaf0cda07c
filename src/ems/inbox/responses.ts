import * as z from "zod/mini";
import { pageOf } from "../lists/pagination.ts";
import { MessageResponse } from "../messages/responses.ts";

const entryState = {
  id: z.uuid(),
  is_read: z.boolean(),
  is_starred: z.boolean(),
  is_archived: z.boolean(),
  read_at: z.nullable(z.iso.datetime()),
  created_at: z.iso.datetime(),
};

export const InboxItemResponse = z.object({
  ...entryState,
  message: z.pick(MessageResponse, {
    id: true,
    thread_id: true,
    from_address: true,
    from_name: true,
    subject: true,
    snippet: true,
    direction: true,
    folder: true,
    has_attachments: true,
    sent_at: true,
  }),
  thread_subject: z.string(),
  thread_message_count: z.int(),
  account_email: z.string(),
});
export type InboxItemResponse = z.infer<typeof InboxItemResponse>;

export const InboxListResponse = pageOf(InboxItemResponse);
export type InboxListResponse = z.infer<typeof InboxListResponse>;

export const InboxEntryResponse = z.object({
  ...entryState,
  user_id: z.int(),
  message_id: z.uuid(),
  thread_id: z.uuid(),
  email_account_id: z.uuid(),
});
export type InboxEntryResponse = z.infer<typeof InboxEntryResponse>;

/** `not_found` has the ids without an entry of the caller, or whose message was deleted. */
export const EntriesResponse = z.object({
  items: z.array(InboxEntryResponse),
  not_found: z.array(z.string()),
});
export type EntriesResponse = z.infer<typeof EntriesResponse>;

export const UnreadCountsResponse = z.array(
  z.object({ account_id: z.uuid(), email_address: z.string(), unread_count: z.int() }),
);
export type UnreadCountsResponse = z.infer<typeof UnreadCountsResponse>;

export const ThreadReadResponse = z.object({ updated: z.int() });
