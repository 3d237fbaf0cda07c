import * as z from "zod/mini";
import { EntryState, InboxItemResponse } from "../items/responses.ts";
import { pageOf } from "../lists/pagination.ts";

export const InboxListResponse = pageOf(InboxItemResponse);
export type InboxListResponse = z.infer<typeof InboxListResponse>;

export const InboxEntryResponse = z.extend(EntryState, {
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
  z.object({
    account_id: z.uuid(),
    email_address: z.string(),
    unread_count: z.int(),
    /** The totals of `GET /inbox/`, `GET /messages/` and `GET /threads/` for this account, without other filters. */
    inbox_count: z.int(),
    message_count: z.int(),
    thread_count: z.int(),
  }),
);
export type UnreadCountsResponse = z.infer<typeof UnreadCountsResponse>;

export const ThreadReadResponse = z.object({ updated: z.int() });
