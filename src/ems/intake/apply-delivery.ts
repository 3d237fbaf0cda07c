import { nowSeconds } from "../../lib/time.ts";
import { sql } from "../../platform/d1/sql.ts";
import { batch, type Ctx } from "../context.ts";
import { notifyHub } from "../events/hub-client.ts";
import { appendEvents } from "../events/log.ts";
import { setDelivery } from "../ingest/delivery.ts";
import type { DeliveryChange, TrackingChange } from "../provider/changes.ts";
import type { AccountChange } from "./notification.ts";

/** How long the sent mail itself may still be on its way. A mail that is unknown after that is not ours, or deleted. */
const PATIENCE_SECONDS = 300;

/**
 * Shows on a sent mail whether it was sent, has failed or has bounced.
 * @throws Error when the mail is not known yet; for a bounce it never stops, so that people get to see it parked
 */
export async function applySendOutcome(ctx: Ctx, update: AccountChange<DeliveryChange>): Promise<void> {
  const { account, cause, change } = update;
  const { state, providerIds, messageIds, detail } = change;
  const isFound = await setDelivery(ctx, { account, cause, providerIds, messageIds }, state, detail);
  if (!isFound && (state === "bounced" || isEarly(update))) throw notKnownYet();
}

const TRACKED = {
  opened: { event: "message.opened", column: sql.raw("opened_count") },
  clicked: { event: "message.link_clicked", column: sql.raw("clicked_count") },
};

/**
 * Shows on a sent mail how often it was opened or clicked. Counts only grow, in whatever order they come.
 * @throws Error when the mail is not known yet
 */
export async function applyTracking(ctx: Ctx, update: AccountChange<TrackingChange>): Promise<void> {
  const { account, cause, change } = update;
  const { event, column } = TRACKED[change.kind];
  const which = sql`account_id = ${account.id} AND provider_message_id = ${change.messageId}`;
  const isHigher = sql`${which} AND ${column} < ${change.count}`;
  const [found] = await batch(ctx, [
    sql`SELECT 1 FROM ems_messages WHERE ${which}`,
    appendEvents(sql`
      SELECT company_id, NULL, ${event}, thread_id, id, NULL, ${event} || '/' || id || '/' || ${cause}
      FROM ems_messages WHERE ${isHigher}`),
    sql`UPDATE ems_messages SET ${column} = ${change.count} WHERE ${isHigher}`,
  ]);
  notifyHub(ctx, account.company_id);
  if (!found?.length && isEarly(update)) throw notKnownYet();
}

const isEarly = ({ receivedAt }: AccountChange): boolean => nowSeconds() - receivedAt < PATIENCE_SECONDS;

/** The queue brings the notification again. */
const notKnownYet = () => new Error("The mail that this is about is not known yet");
