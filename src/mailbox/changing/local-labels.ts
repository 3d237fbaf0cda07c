import { rowOf } from "../../platform/rows.ts";
import type { MailboxContext } from "../context.ts";

/** Keeps labels that the server cannot keep. */
export function keepLabelsHere(ctx: MailboxContext, messageId: string, names: string[]): void {
  ctx.sql.exec(
    "UPDATE messages SET local_labels = ?, updated_at = ? WHERE id = ?",
    ...[JSON.stringify(names), Date.now(), messageId],
  );
}

/** From now on the server's keywords are the labels of a message. */
export function keepLabelsThere(ctx: MailboxContext, messageId: string): void {
  ctx.sql.exec(
    "UPDATE messages SET local_labels = NULL WHERE id = ? AND local_labels IS NOT NULL",
    messageId,
  );
}

export const hasLocalLabels = (ctx: MailboxContext, messageId: string): boolean =>
  rowOf(ctx, "SELECT 1 AS found FROM messages WHERE id = ? AND local_labels IS NOT NULL", messageId) !==
  undefined;
