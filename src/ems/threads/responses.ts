import * as z from "zod/mini";
import { pageOf } from "../lists/pagination.ts";
import { MessageResponse } from "../messages/responses.ts";

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

export const ThreadListResponse = pageOf(ThreadSummary);
export type ThreadListResponse = z.infer<typeof ThreadListResponse>;

export const ThreadDetailResponse = z.extend(ThreadSummary, { messages: z.array(MessageResponse) });
