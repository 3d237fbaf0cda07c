import * as z from "zod/mini";
import { Pagination } from "../accounts/responses.ts";
import { MessageResponse } from "../messages/responses.ts";

export const FolderResponse = z.object({
  id: z.string(),
  accountId: z.string(),
  /** As the mail server has it. */
  name: z.string(),
  displayName: z.string(),
  type: z.enum(["inbox", "sent", "drafts", "spam", "trash", "custom"]),
  parentId: z.nullable(z.string()),
  messageCount: z.int(),
  unreadCount: z.int(),
  /** In milliseconds since the epoch; absent before the first sync. */
  syncedAt: z.optional(z.int()),
});
export type FolderResponse = z.infer<typeof FolderResponse>;

export const FolderListResponse = z.object({ folders: z.array(FolderResponse), total: z.int() });
export type FolderListResponse = z.infer<typeof FolderListResponse>;

export const MessageListResponse = z.object({
  messages: z.array(MessageResponse),
  pagination: Pagination,
});
export type MessageListResponse = z.infer<typeof MessageListResponse>;
