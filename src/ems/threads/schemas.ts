import * as z from "zod/mini";
import { uuid } from "../../lib/fields.ts";
import { folder } from "../folders.ts";
import { pageOf, pageQuery } from "../lists/pagination.ts";
import { MessageResponse } from "../messages/schemas.ts";

export const ThreadParam = z.object({ thread_id: uuid });

export const ThreadsQuery = z.object({ ...pageQuery, account_id: z.optional(uuid), folder });
export type ThreadsQuery = z.infer<typeof ThreadsQuery>;

export const ThreadQuery = z.object({ folder });

export const ThreadUpdate = z.object({ do_not_delete: z.optional(z.boolean()) });
export type ThreadUpdate = z.infer<typeof ThreadUpdate>;

export const ThreadSummary = z.object({
  id: z.uuid(),
  email_account_id: z.uuid(),
  subject: z.string(),
  /** These two are of what is shown, and in the list of a folder of what lies there. */
  last_message_at: z.iso.datetime(),
  message_count: z.int(),
  do_not_delete: z.boolean(),
  created_at: z.iso.datetime(),
  /** Rises with each message that is written in it; `GET /threads/{id}` also has it as ETag, for If-Match. */
  version: z.int(),
});
export type ThreadSummary = z.infer<typeof ThreadSummary>;

export const ThreadListResponse = pageOf(ThreadSummary);
export type ThreadListResponse = z.infer<typeof ThreadListResponse>;

export const ThreadDetailResponse = z.extend(ThreadSummary, { messages: z.array(MessageResponse) });
