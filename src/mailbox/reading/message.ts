import { rowOf } from "../../platform/rows.ts";
import type { MailboxContext } from "../context.ts";
import type { FolderType, Message } from "../contract.ts";
import type { Address } from "../mime/parts.ts";
import { flagsOf, hasFlag } from "../store/flags.ts";
import { type LabelNames, labelNames, labelsOf } from "../store/labels.ts";

/** A message at one of its places. */
export type MessageRow = {
  id: string;
  folder_id: string;
  folder_type: FolderType;
  from_address: string;
  to_list: string;
  cc_list: string;
  bcc_list: string;
  subject: string;
  preview: string | null;
  is_read: number;
  flags: string;
  local_labels: string | null;
  attachment_count: number;
  received_at: number;
  created_at: number;
  updated_at: number;
};

/** SQL: the columns of a MessageRow, of the tables `messages m`, `places p` and `folders f`. */
export const MESSAGE_COLUMNS = `m.id, p.folder_id, f.type AS folder_type, m.from_address, m.to_list, m.cc_list, m.bcc_list, m.subject,
  m.preview, p.is_read, p.flags, m.local_labels, m.attachment_count, m.received_at, m.created_at, m.updated_at`;

/** What all messages of an answer are read with. */
export interface Reader {
  labelNames: LabelNames;
  /** Without one, a keyword says what is spam. */
  hasSpamFolder: boolean;
}

export const readerOf = (ctx: MailboxContext): Reader => ({
  labelNames: labelNames(ctx),
  hasSpamFolder: rowOf(ctx, "SELECT 1 AS found FROM folders WHERE type = 'spam' LIMIT 1") !== undefined,
});

export function toMessage(row: MessageRow, { labelNames, hasSpamFolder }: Reader): Message {
  const flags = flagsOf(row.flags);
  return {
    id: row.id,
    folderId: row.folder_id,
    from: row.from_address,
    to: addressesOf(row.to_list),
    cc: addressesOf(row.cc_list),
    bcc: addressesOf(row.bcc_list),
    subject: row.subject,
    preview: (row.preview ?? "").slice(0, MAX_PREVIEW),
    isRead: row.is_read === 1,
    isStarred: hasFlag(flags, "\\Flagged"),
    isSpam: hasSpamFolder ? row.folder_type === "spam" : hasFlag(flags, "$Junk"),
    isDeleted: row.folder_type === "trash" || hasFlag(flags, "\\Deleted"),
    labels: row.local_labels === null ? labelsOf(flags, labelNames) : JSON.parse(row.local_labels),
    attachmentCount: row.attachment_count,
    receivedAt: row.received_at,
    createdAt: row.created_at,
    updatedAt: row.updated_at,
  };
}

/** In characters. */
const MAX_PREVIEW = 200;

const addressesOf = (json: string): string[] =>
  (JSON.parse(json) as Address[]).flatMap(({ address }) => address || []);
