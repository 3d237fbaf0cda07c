import { sha256Hex } from "../../lib/hmac.ts";
import { uuidv7 } from "../../lib/ids.ts";
import { nowSeconds } from "../../lib/time.ts";
import { log } from "../../platform/log.ts";
import type { Ctx } from "../context.ts";
import type { ConnectedAccount } from "../ingest/state.ts";
import { isOutage } from "../outage.ts";
import type { ProviderPage } from "../provider/port.ts";
import { applyIncoming } from "./incoming.ts";
import { reasonOf, recordDelivery } from "./ledger.ts";
import type { Notification } from "./notification.ts";
import { notificationKey } from "./receive.ts";

export interface PollOptions {
  /** When the page was asked for, in milliseconds. */
  observedAt: number;
  /** Stored without telling anyone. */
  isHistory: boolean;
}

/** The provider's ids of all that a page shows, whether it can be understood or not. */
export const idsOn = ({ messages, unreadable }: ProviderPage): string[] => [
  ...messages.map(({ id }) => id),
  ...unreadable.flatMap(({ id }) => id ?? []),
];

/**
 * Brings what a page shows into the database, message by message. One that is odd costs itself only: it is parked in
 * the ledger, from where it is replayed.
 * @returns how many messages were new or had changed
 * @throws Error when not even that can be written: then it is no message that is at fault
 */
export async function applyPage(
  ctx: Ctx,
  account: ConnectedAccount,
  page: ProviderPage,
  { observedAt, isHistory }: PollOptions,
): Promise<number> {
  let changed = 0;
  for (const message of page.messages) {
    try {
      const applying = { message, observedAt, cause: uuidv7(), silent: isHistory };
      const { outcome } = await applyIncoming(ctx, account, applying);
      if (outcome === "created" || outcome === "updated") changed++;
    } catch (error) {
      await park(ctx, account, message.id, { id: message.id }, error, isHistory);
    }
  }
  for (const { id, raw, error } of page.unreadable) await park(ctx, account, id, raw, error, isHistory);
  return changed;
}

/** Ids of notifications, and keys in R2, have an end. */
const PLAIN_ID = /^[\x21-\x7e]{1,150}$/;

/**
 * Notes a message in the ledger as a notification that could not be applied. As it has no body, a replay asks the
 * provider for the message again.
 */
async function park(
  ctx: Ctx,
  account: ConnectedAccount,
  providerId: string | null,
  raw: unknown,
  error: unknown,
  isHistory: boolean,
): Promise<void> {
  log("error", "poll.message_failed", { accountId: account.id, id: providerId, error });
  const name =
    providerId !== null && PLAIN_ID.test(providerId)
      ? providerId
      : await sha256Hex(providerId ?? JSON.stringify(raw) ?? "");
  const receivedAt = nowSeconds();
  const object = typeof raw === "object" && raw !== null && !Array.isArray(raw) ? raw : { raw };
  const notification: Notification = {
    id: `poll/${account.id}/${name}`,
    type: "message.updated.metadata",
    time: receivedAt,
    data: { grant_id: account.grant_id, is_history: isHistory, object: object as Record<string, unknown> },
  };
  const queued = { key: notificationKey(receivedAt, notification.id), received_at: receivedAt };
  await ctx.env.ATTACHMENTS.put(queued.key, JSON.stringify(notification));
  const cause = isOutage(error) ? "outage" : "itself";
  const record = { queued, notification, accountId: account.id };
  await recordDelivery(ctx, record, { state: "parked", error: reasonOf(error), cause });
}
