import { rowOf } from "../../platform/rows.ts";
import type { MailboxContext } from "../context.ts";
import { accountOf } from "./account.ts";

/** What is kept of a message that was read, or written here. */
export interface KeptBody {
  text: string | null;
  html: string | null;
  /** By name as it came; repeated ones are joined by newlines. */
  headers: Record<string, string>;
  /** The mail has more of it. */
  isCut: boolean;
}

/** Larger bodies are kept in the bucket, where a byte costs a fraction. In bytes of JSON. */
const MAX_INLINE = 64 * 1024;

/** The kept body of a message; undefined for a message that was not read yet. */
export async function loadBody(ctx: MailboxContext, messageId: string): Promise<KeptBody | undefined> {
  const row = rowOf<BodyRow>(
    ctx,
    "SELECT text, html, headers, is_cut, key FROM bodies WHERE message_id = ?",
    messageId,
  );
  if (!row) return undefined;
  if (row.key === null) {
    const { text, html, headers, is_cut } = row;
    return { text, html, headers: JSON.parse(headers), isCut: is_cut === 1 };
  }
  const object = await ctx.env.ATTACHMENTS.get(row.key);
  return (await object?.json<KeptBody>()) ?? undefined;
}

/** Keeps a body, in place of an earlier one. */
export async function keepBody(ctx: MailboxContext, messageId: string, body: KeptBody): Promise<void> {
  const json = new TextEncoder().encode(JSON.stringify(body));
  const isLarge = json.length > MAX_INLINE;
  const key = isLarge ? `mail/${accountOf(ctx).accountId}/${messageId}/body` : null;
  // First the object, then the row that leads to it.
  if (key) await ctx.env.ATTACHMENTS.put(key, json);
  const { text, html, headers, isCut } = body;
  ctx.sql.exec(
    "INSERT OR REPLACE INTO bodies (message_id, text, html, headers, is_cut, key) VALUES (?, ?, ?, ?, ?, ?)",
    messageId,
    ...(isLarge ? [null, null, "{}"] : [text, html, JSON.stringify(headers)]),
    ...[Number(isCut), key],
  );
}

type BodyRow = {
  text: string | null;
  html: string | null;
  headers: string;
  is_cut: number;
  key: string | null;
};
