import * as z from "zod/mini";
import { FOLDERS } from "../folders.ts";

// The items of lists. Events carry them, too, so that a client can update its lists without another request.

/** The caller's state of a message. */
export const EntryState = z.object({
  id: z.uuid(),
  is_read: z.boolean(),
  is_starred: z.boolean(),
  is_archived: z.boolean(),
  read_at: z.nullable(z.iso.datetime()),
  created_at: z.iso.datetime(),
});

export const InboxItemResponse = z.extend(EntryState, {
  message: z.object({
    id: z.uuid(),
    thread_id: z.uuid(),
    from_address: z.string(),
    from_name: z.nullable(z.string()),
    subject: z.string(),
    snippet: z.nullable(z.string()),
    direction: z.enum(["inbound", "outbound"]),
    folder: z.enum(FOLDERS),
    has_attachments: z.boolean(),
    sent_at: z.iso.datetime(),
  }),
  thread_subject: z.string(),
  thread_message_count: z.int(),
  account_email: z.string(),
});
export type InboxItemResponse = z.infer<typeof InboxItemResponse>;

export const ThreadSummary = z.object({
  id: z.uuid(),
  email_account_id: z.uuid(),
  subject: z.string(),
  /** This and message_count cover the shown folders; in the list of a folder, only that folder. */
  last_message_at: z.iso.datetime(),
  message_count: z.int(),
  do_not_delete: z.boolean(),
  created_at: z.iso.datetime(),
  /** Increases with each message written in the thread. Also the ETag of `GET /threads/{id}`, for If-Match. */
  version: z.int(),
});
export type ThreadSummary = z.infer<typeof ThreadSummary>;
