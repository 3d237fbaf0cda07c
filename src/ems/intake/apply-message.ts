import { nowSeconds } from "../../lib/time.ts";
import { sql } from "../../platform/d1/sql.ts";
import { log } from "../../platform/log.ts";
import type { Ctx } from "../context.ts";
import { deleteMessage } from "../ingest/deletion.ts";
import type { DeletionChange, MessageChange } from "../provider/changes.ts";
import { isProviderError, type ProviderMessage } from "../provider/port.ts";
import { applyIncoming } from "./incoming.ts";
import type { AccountChange } from "./notification.ts";

/**
 * Stores the state of a message. Creation and update are one: either may come first, or alone.
 * @returns why there was nothing to store; undefined when it is stored
 * @throws Error when it could not be applied now
 */
export async function applyUpdate(
  ctx: Ctx,
  update: AccountChange<MessageChange>,
): Promise<string | undefined> {
  const { account, change, observedAt, cause } = update;
  const message = await complete(ctx, update);
  if (!message) return "The provider has it no more";
  const silent = change.isHistory;
  await applyIncoming(ctx, account, { message, observedAt, cause, silent, isAnnounced: true });
  return undefined;
}

/** How long an announced message may be missing at the provider. After that it was deleted. */
const PATIENCE_SECONDS = 120;

/** A late update may be about a message that was deleted since, by a deletion that never arrived. */
function isLate({ observedAt, receivedAt, isReplay }: AccountChange): boolean {
  const at = Math.min(observedAt / 1000, receivedAt);
  return isReplay || nowSeconds() - at >= PATIENCE_SECONDS;
}

/**
 * Adds what the update leaves out: pushes carry no Message-ID, and sometimes no body. The provider is not asked for a
 * known message whose body is complete. It is asked about an unknown message that is late, which may be gone.
 * @returns null for a message that the provider does not have any more
 */
async function complete(ctx: Ctx, update: AccountChange<MessageChange>): Promise<ProviderMessage | null> {
  const { account, change, receivedAt } = update;
  const { message, isPartial, isPresentable } = change;
  const late = isLate(update);
  if (!isPartial && !late && isWhole(message)) return message;
  const stored = await findStored(ctx, account.id, message.id);
  if (!isPartial && stored && (stored.is_named || isWhole(message))) return message;
  const isEnough = stored !== undefined || (!isPartial && isPresentable);
  try {
    const whole = await ctx.providerOf(account).getMessage(account.grant_id, message.id);
    if (whole) return { ...message, ...whole };
    if (stored || (isEnough && !late)) return message;
    if (nowSeconds() - receivedAt < PATIENCE_SECONDS && !late)
      throw new Error("The provider does not show the message yet");
    return null;
  } catch (error) {
    // Better a mail without its Message-ID now than none until the provider is well again: the sweep adds it.
    if (isPartial || !isEnough || !isProviderError(error)) throw error;
    log("warn", "message.incomplete", { message: message.id, error });
    return message;
  }
}

/** True for an update that leaves nothing to ask for: an operator can have the provider send headers, too. */
const isWhole = (message: ProviderMessage): boolean => WHOLE.every((field) => message[field] !== undefined);

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

/** Follows a deletion at the provider. */
export async function applyDeletion(ctx: Ctx, update: AccountChange<DeletionChange>): Promise<void> {
  const { account, change, observedAt } = update;
  await deleteMessage(ctx, account, change.messageId, observedAt);
}
