import { rowOf } from "../../platform/rows.ts";
import type { MailboxContext } from "../context.ts";
import { notFound } from "../errors.ts";
import { readHeaders } from "../mime/headers.ts";
import { accountOf } from "../store/account.ts";
import type { PopClient } from "./client.ts";
import { withPop } from "./session.ts";
import { idsOf } from "./unique-ids.ts";

/** Of a larger mail only the header is read. In bytes. */
export const MAX_MAIL = 25 << 20;

/** In bytes. */
const MAX_HEADER = 256 * 1024;

/** A mail as it came. */
export interface RawMail {
  /** The header alone if it is cut. */
  bytes: Uint8Array;
  isCut: boolean;
}

/**
 * Reads a mail from the server; of one that is too large, the header.
 * @param size as the server told, in bytes
 * @returns undefined if the server does not have it any more
 */
export async function download(
  client: PopClient,
  number: number,
  size: number,
): Promise<RawMail | undefined> {
  const whole = size <= MAX_MAIL ? await client.mail(number, size, MAX_MAIL) : undefined;
  if (whole?.isWhole) return { bytes: whole.bytes, isCut: false };
  if (size <= MAX_MAIL && !whole) return undefined;
  const part =
    whole ?? (await client.header(number, MAX_HEADER)) ?? (await client.mail(number, 0, MAX_HEADER));
  return part && { bytes: part.bytes.slice(0, readHeaders(part.bytes, 0).body), isCut: true };
}

/** Keeps a mail in the bucket, so that it is read from the server once. */
export async function keepRaw(ctx: MailboxContext, messageId: string, bytes: Uint8Array): Promise<void> {
  await ctx.env.ATTACHMENTS.put(rawKey(ctx, messageId), bytes);
}

/**
 * A mail from the bucket. One that is not there is read from the server once more, and kept.
 * @throws MailError NOT_FOUND if neither has it; and as `withPop` does
 */
export async function rawOf(ctx: MailboxContext, messageId: string): Promise<RawMail> {
  const kept = await ctx.env.ATTACHMENTS.get(rawKey(ctx, messageId));
  const mail = kept
    ? { bytes: new Uint8Array(await kept.arrayBuffer()) }
    : await withPop(ctx, (client) => downloadAgain(ctx, client, messageId));
  // The row has the size of the whole mail.
  const row = rowOf<{ size: number }>(ctx, "SELECT size FROM messages WHERE id = ?", messageId);
  if (!mail || !row) throw notFound("Message");
  return { bytes: mail.bytes, isCut: mail.bytes.length < row.size };
}

async function downloadAgain(
  ctx: MailboxContext,
  client: PopClient,
  messageId: string,
): Promise<RawMail | undefined> {
  const known = rowOf<{ id: string }>(
    ctx,
    "SELECT id FROM pop_mails WHERE message_id = ? LIMIT 1",
    messageId,
  );
  const sizes = known && (await client.sizes());
  const ids = sizes && (await idsOf(client, sizes));
  for (const [number, id] of ids ?? []) {
    if (id !== known?.id) continue;
    const mail = await download(client, number, sizes?.get(number) ?? 0);
    if (mail) await keepRaw(ctx, messageId, mail.bytes);
    return mail;
  }
  return undefined;
}

const rawKey = (ctx: MailboxContext, messageId: string): string =>
  `mail/${accountOf(ctx).accountId}/${messageId}/raw`;
