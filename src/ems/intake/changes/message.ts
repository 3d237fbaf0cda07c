import { sql } from "drizzle-orm/sql";
import { nowSeconds } from "../../../lib/time.ts";
import { log } from "../../../platform/log.ts";
import type { Ctx } from "../../context.ts";
import { deleteMessage } from "../../ingest/deletion.ts";
import { readMessage, readMessageId } from "../../provider/nylas/message.ts";
import { isProviderError, type ProviderMessage } from "../../provider/port.ts";
import { applyIncoming } from "../incoming.ts";
import { type Delivered, Ignored, type Notification, observedAt } from "../notification.ts";

/**
 * message.created and message.updated: one and the same, since either may come first, or alone.
 * @throws Error when it could not be applied now
 */
export async function applyState(ctx: Ctx, delivered: Delivered): Promise<Ignored | undefined> {
  const { account, notification, flags, receivedAt } = delivered;
  const told = readMessage(notification.data.object, receivedAt);
  // A body that was cut, left out or turned into Markdown is no body.
  const isPartial = flags.has("truncated") || flags.has("metadata") || flags.has("cleaned");
  if (isPartial) delete told.body;
  // What was left out with it may be files.
  if (flags.has("truncated") || flags.has("metadata")) delete told.attachments;
  const message = await complete(ctx, delivered, told, isPartial);
  if (!message) return new Ignored("The provider has it no more");
  const seen = { observedAt: observedAt(notification, receivedAt), cause: notification.id };
  const silent = notification.data.is_history === true;
  await applyIncoming(ctx, account, { message, ...seen, silent, isAnnounced: true });
  return undefined;
}

/** For so long a message that was announced may not be there yet; after that it was deleted. */
const PATIENCE_SECONDS = 120;

/** A notification that comes late may tell of what the provider has deleted since, and whose deletion was lost. */
function isLate({ notification, receivedAt, isReplay }: Delivered): boolean {
  const toldAt = Math.min(observedAt(notification, receivedAt) / 1000, receivedAt);
  return isReplay || nowSeconds() - toldAt >= PATIENCE_SECONDS;
}

/**
 * Notifications carry no headers, and so no Message-ID, and sometimes no body: the provider has both. A message
 * that is known needs neither, unless its body may have changed. One that is not known, and is told of late, may
 * be gone: the provider is asked even if there is nothing to add.
 * @returns null for a message that the provider does not have any more
 */
async function complete(
  ctx: Ctx,
  delivered: Delivered,
  told: ProviderMessage,
  isPartial: boolean,
): Promise<ProviderMessage | null> {
  const { account, receivedAt } = delivered;
  const late = isLate(delivered);
  if (!isPartial && !late && isWhole(told)) return told;
  const stored = await findStored(ctx, account.id, told.id);
  if (!isPartial && stored && (stored.is_named || isWhole(told))) return told;
  const isEnough = stored !== undefined || (!isPartial && isPresentable(delivered.notification));
  try {
    const whole = await ctx.providerOf(account).getMessage(account.grant_id, told.id);
    if (whole) return { ...told, ...whole };
    if (stored || (isEnough && !late)) return told;
    if (nowSeconds() - receivedAt < PATIENCE_SECONDS && !late)
      throw new Error("The provider does not show the message yet");
    return null;
  } catch (error) {
    // Better a mail without its Message-ID now than none until the provider is well again: the sweep adds it.
    if (isPartial || !isEnough || !isProviderError(error)) throw error;
    log("warn", "message.incomplete", { id: told.id, error });
    return told;
  }
}

/** True for what people can read, and lists can place, as far as it makes sense: an odd field is told, too. */
const isPresentable = ({ data: { object } }: Notification): boolean =>
  [object?.from, object?.date, object?.body].every((field) => field !== undefined && field !== null);

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
  const [stored] = await db.all(sql<{ is_named: number }>`
    SELECT internet_message_id IS NOT NULL AS is_named FROM ems_messages
    WHERE account_id = ${accountId} AND provider_message_id = ${providerId}`);
  return stored;
}

/** message.deleted. */
export async function applyDeletion(
  ctx: Ctx,
  { account, notification, receivedAt }: Delivered,
): Promise<void> {
  const id = readMessageId(notification.data.object);
  await deleteMessage(ctx, account, id, observedAt(notification, receivedAt));
}
