import * as z from "zod/mini";
import { AttachmentResponse } from "../attachments/responses.ts";

/** Addresses are bare; times are in milliseconds since the epoch. */
export const MessageResponse = z.object({
  id: z.string(),
  accountId: z.string(),
  folderId: z.string(),
  from: z.string(),
  to: z.array(z.string()),
  cc: z.array(z.string()),
  bcc: z.array(z.string()),
  subject: z.string(),
  /** At most 200 characters. */
  preview: z.string(),
  isRead: z.boolean(),
  isStarred: z.boolean(),
  isSpam: z.boolean(),
  isDeleted: z.boolean(),
  labels: z.array(z.string()),
  attachmentCount: z.int(),
  receivedAt: z.int(),
  createdAt: z.int(),
  updatedAt: z.int(),
});
export type MessageResponse = z.infer<typeof MessageResponse>;

export const MessageDetailResponse = z.extend(MessageResponse, {
  /** The text, else the HTML. */
  body: z.string(),
  /** As it came. A page that shows it must sanitise it. */
  bodyHtml: z.nullable(z.string()),
  /** True if there is more of the body than is given here. */
  isTruncated: z.boolean(),
  headers: z.record(z.string(), z.string()),
  attachments: z.array(AttachmentResponse),
  conversationId: z.nullable(z.string()),
  /** All folders that have the message. */
  folderIds: z.array(z.string()),
  /** False while the mail server cannot keep the labels, so that they are here alone. */
  labelsSynced: z.boolean(),
});
export type MessageDetailResponse = z.infer<typeof MessageDetailResponse>;
