import { type SQL, sql } from "drizzle-orm/sql";
import { countOf, fieldsOf, itemsOf, textOf } from "../../../lib/lenient.ts";
import { messageIdsIn } from "../../../lib/message-ids.ts";
import { nowSeconds } from "../../../lib/time.ts";
import { batch, type Ctx } from "../../context.ts";
import { notifyHub } from "../../events/hub-client.ts";
import { appendEvents } from "../../events/log.ts";
import { type Outcome, setDelivery } from "../../ingest/delivery.ts";
import type { Delivered } from "../notification.ts";

// What becomes of a mail that we sent. Published examples and schemas of these triggers disagree on where fields
// stand and require next to none, so all places are read, and only the mail has to be named.

/** message.send_success. */
export async function applySendSuccess(ctx: Ctx, delivered: Delivered): Promise<void> {
  const object = objectOf(delivered);
  expectMail(await setDelivery(ctx, outcomeOf(delivered, [object.id]), "sent", null), delivered);
}

/** message.send_failed. */
export async function applySendFailure(ctx: Ctx, delivered: Delivered): Promise<void> {
  const object = objectOf(delivered);
  const { reason, error } = delivered.notification.data;
  const reasons = [reason, object.reason, fieldsOf(error).message, fieldsOf(object.error).message];
  const [detail = null] = reasons.flatMap((each) => textOf(each) ?? []);
  expectMail(await setDelivery(ctx, outcomeOf(delivered, [object.id]), "failed", detail), delivered);
}

/** message.bounce_detected. Of one whose mail is never known people are told: it stays parked. */
export async function applyBounce(ctx: Ctx, delivered: Delivered): Promise<void> {
  const bounce = objectOf(delivered);
  const origin = fieldsOf(bounce.origin);
  const outcome = outcomeOf(delivered, [origin.id, bounce.message_id], [origin.mime_id]);
  const address = (itemsOf(bounce.bounced_addresses, textOf) ?? []).join(", ");
  const detail = [address, textOf(bounce.code), textOf(bounce.bounce_reason)].filter(Boolean).join(": ");
  expectMail(await setDelivery(ctx, outcome, "bounced", detail), delivered, true);
}

/** message.opened: the count only grows, whatever the order of notifications. */
export async function applyOpened(ctx: Ctx, delivered: Delivered): Promise<void> {
  const { message_id, message_data } = objectOf(delivered);
  const count = countOf(fieldsOf(message_data).count) ?? 1;
  await raise(ctx, delivered, "message.opened", sql.raw("opened_count"), message_id, count);
}

/** message.link_clicked: all links of the mail together. */
export async function applyClicked(ctx: Ctx, delivered: Delivered): Promise<void> {
  const { message_id, link_data } = objectOf(delivered);
  const counts = itemsOf(link_data, (link) => countOf(fieldsOf(link).count)) ?? [1];
  const count = Math.min(
    counts.reduce((sum, each) => sum + each, 0),
    Number.MAX_SAFE_INTEGER,
  );
  await raise(ctx, delivered, "message.link_clicked", sql.raw("clicked_count"), message_id, count);
}

const objectOf = ({ notification }: Delivered): Record<string, unknown> => fieldsOf(notification.data.object);

/** Nylas leaves the brackets away, and then all of it is the id. */
const bracketed = (id: string): string => (id.includes("<") ? id : `<${id}>`);

const outcomeOf = (
  { account, notification }: Delivered,
  providerIds: unknown[],
  messageIds: unknown[] = [],
): Outcome => ({
  account,
  cause: notification.id,
  providerIds: providerIds.flatMap((id) => textOf(id) ?? []),
  messageIds: messageIds.flatMap((id) => messageIdsIn(bracketed(textOf(id) ?? "")).map(({ id }) => id)),
});

/** For so long the mail itself may still be on its way: after that it is none of ours, or deleted. */
const PATIENCE_SECONDS = 300;

/** @throws Error when the mail is not known yet; the queue brings the notification again */
function expectMail(isFound: boolean, { receivedAt }: Delivered, isForEver = false): void {
  const isPatient = isForEver || nowSeconds() - receivedAt < PATIENCE_SECONDS;
  if (!isFound && isPatient) throw new Error("The mail that this is about is not known yet");
}

/** @throws Error when the mail is not known yet */
async function raise(
  ctx: Ctx,
  delivered: Delivered,
  type: string,
  column: SQL,
  messageId: unknown,
  count: number,
): Promise<void> {
  const { account, notification } = delivered;
  const which = sql`account_id = ${account.id} AND provider_message_id = ${textOf(messageId) ?? null}`;
  const risen = sql`${which} AND ${column} < ${count}`;
  const [found] = await batch(ctx, [
    sql`SELECT 1 FROM ems_messages WHERE ${which}`,
    appendEvents(sql`
      SELECT company_id, NULL, ${type}, thread_id, id, NULL, ${type} || '/' || id || '/' || ${notification.id}
      FROM ems_messages WHERE ${risen}`),
    sql`UPDATE ems_messages SET ${column} = ${count} WHERE ${risen}`,
  ]);
  notifyHub(ctx, account.company_id);
  expectMail(found !== undefined && found.length > 0, delivered);
}
