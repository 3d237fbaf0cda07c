import { rowOf } from "../../platform/rows.ts";
import type { MailboxContext } from "../context.ts";
import type { StoredFile } from "../contract.ts";

/**
 * The file that a part was made of, for a message that was written here. While the server does not have the message, there
 * is no other. Undefined for other messages and parts.
 */
export function writtenFile(ctx: MailboxContext, messageId: string, part: string): StoredFile | undefined {
  const row = rowOf<{ files: string }>(
    ctx,
    `SELECT letter ->> '$.files' AS files FROM drafts WHERE message_id = ?1
     UNION ALL SELECT letter ->> '$.files' FROM sends WHERE message_id = ?1 AND due_at IS NOT NULL LIMIT 1`,
    messageId,
  );
  // The text is part 1.
  return row && (JSON.parse(row.files) as StoredFile[])[Number(part) - 2];
}
