import { sql } from "drizzle-orm";
import * as z from "zod/mini";
import { log } from "../../lib/log.ts";
import { nowSeconds } from "../../lib/time.ts";
import type { Ctx } from "../context.ts";
import { deleteMessage } from "../messages/delete.ts";
import { applyMessage } from "../messages/ingest.ts";
import { ProviderError, type ProviderMessage } from "../provider/port.ts";
import { NylasMessage, toProviderMessage } from "../provider/wire.ts";
import { type Delivered, observedAt } from "./notification.ts";

/** message.created and message.updated: one and the same, since either may come first, or alone. */
export async function applyState(ctx: Ctx, delivered: Delivered): Promise<void> {
  const { account, notification, flags, receivedAt } = delivered;
  const told = toProviderMessage(NylasMessage.parse(notification.data.object));
  // A body that was cut, left out or turned into Markdown is no body.
  const isPartial = flags.has("truncated") || flags.has("metadata") || flags.has("cleaned");
  if (isPartial) delete told.body;
  // What was left out with it may be files.
  if (flags.has("truncated") || flags.has("metadata")) delete told.attachments;
  const message = await complete(ctx, delivered, told, isPartial);
  if (!message) return;
  const seen = { observedAt: observedAt(notification, receivedAt), cause: notification.id };
  await applyMessage(ctx, account, { message, ...seen });
}

/** For so long a message that was announced may not be there yet; after that it was deleted. */
const PATIENCE_SECONDS = 120;

/**
 * Notifications carry no headers, and so no Message-ID, and sometimes no body: the provider has both. A message
 * that is known needs neither, unless its body may have changed.
 * @returns null for a message that is not there any more and whose notification does not hold it whole
 */
async function complete(
  ctx: Ctx,
  { account, receivedAt }: Delivered,
  told: ProviderMessage,
  isPartial: boolean,
): Promise<ProviderMessage | null> {
  if (!isPartial && isWhole(told)) return told;
  const stored = await findStored(ctx, account.id, told.id);
  if (!isPartial && stored?.is_named) return told;
  const isEnough = stored !== undefined || (!isPartial && isPresentable(told));
  try {
    const whole = await ctx.provider.getMessage(account.grant_id, told.id);
    if (whole) return { ...told, ...whole };
    if (isEnough) return told;
    if (nowSeconds() - receivedAt < PATIENCE_SECONDS)
      throw new Error("The provider does not show the message yet");
    return null;
  } catch (error) {
    // Better a mail without its Message-ID now than none until the provider is well again: the sweep adds it.
    if (isPartial || !isEnough || !(error instanceof ProviderError)) throw error;
    log("warn", "message.incomplete", { id: told.id, error });
    return told;
  }
}

/** True for what people can read, and lists can place. */
const isPresentable = ({ from, date, body }: ProviderMessage): boolean =>
  from !== undefined && date !== undefined && body !== undefined;

/** True for a notification that leaves nothing to ask for: the application has selected headers for it, too. */
const isWhole = (told: ProviderMessage): boolean => WHOLE.every((field) => told[field] !== undefined);

const WHOLE = [
  ...(["internet_message_id", "thread_id", "from", "to", "cc", "bcc"] as const),
  ...(["subject", "date", "body", "attachments"] as const),
];

async function findStored(
  { db }: Ctx,
  accountId: string,
  providerId: string,
): Promise<{ is_named: number } | undefined> {
  const [stored] = await db.all<{ is_named: number }>(sql`
    SELECT internet_message_id IS NOT NULL AS is_named FROM ems_messages
    WHERE account_id = ${accountId} AND provider_message_id = ${providerId}`);
  return stored;
}

/** message.deleted. */
export async function applyDeletion(
  ctx: Ctx,
  { account, notification, receivedAt }: Delivered,
): Promise<void> {
  const { id } = z.pick(NylasMessage, { id: true }).parse(notification.data.object);
  await deleteMessage(ctx, account, id, observedAt(notification, receivedAt));
}
