import type { MailboxContext } from "../context.ts";
import type { ParsedMessage } from "../mime/message.ts";
import { accountOf } from "../store/account.ts";
import type { FoundMessage } from "../store/found.ts";
import { keyOf } from "../sync/identity.ts";
import type { Letter } from "./letter.ts";

/** A letter as the mirror keeps a message: with the key that it will have when it is found on the server. */
export async function foundOf(letter: Letter, { found }: ParsedMessage): Promise<FoundMessage> {
  const { internetMessageId, size } = found;
  const date = new Date(letter.date).toUTCString();
  const key = await keyOf({ internetMessageId, date, from: letter.from.address, size });
  return { ...found, key, receivedAt: letter.date };
}

/** Keeps the body of a message that is not on the server: in the row, however long, so that both are there at once. */
export function keepBody(
  ctx: MailboxContext,
  messageId: string,
  { text, html, headers }: ParsedMessage,
): void {
  ctx.sql.exec(
    "INSERT OR REPLACE INTO bodies (message_id, text, html, headers, is_cut) VALUES (?, ?, ?, ?, 0)",
    ...[messageId, text, html, JSON.stringify(headers)],
  );
}

/**
 * Copies the files of a message that stays here alone to where those of all messages are: the uploads that it was made of are
 * not kept for ever. What is there is not copied again.
 */
export async function keepFiles(ctx: MailboxContext, messageId: string, { files }: Letter): Promise<void> {
  const bucket = ctx.env.ATTACHMENTS;
  for (const [nth, { key, size }] of files.entries()) {
    // The text is part 1.
    const own = `mail/${accountOf(ctx).accountId}/${messageId}/${nth + 2}`;
    if (await bucket.head(own)) continue;
    const object = await bucket.get(key);
    if (object?.size === size) await bucket.put(own, object.body);
    else await object?.body.cancel();
  }
}
