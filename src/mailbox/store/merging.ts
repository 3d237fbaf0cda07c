import { rowOf } from "../../platform/rows.ts";
import type { MailboxContext } from "../context.ts";
import { noteChange } from "./places.ts";

/** Makes one message of two that turned out to be one: it keeps the id of ours, and gets the places and the key of the other. */
export function mergeMessages(ctx: MailboxContext, id: string, otherId: string): void {
  const other = rowOf<{ key: string }>(ctx, "SELECT key FROM messages WHERE id = ?", otherId);
  if (!other) return;
  for (const table of ["places", "ops"])
    ctx.sql.exec(`UPDATE ${table} SET message_id = ? WHERE message_id = ?`, id, otherId);
  ctx.sql.exec("DELETE FROM bodies WHERE message_id = ?", otherId);
  ctx.sql.exec("DELETE FROM messages WHERE id = ?", otherId);
  ctx.sql.exec("UPDATE messages SET key = ?, missing_since = NULL WHERE id = ?", other.key, id);
  noteChange(ctx, otherId, "deleted", Date.now());
}
