import { type SQL, sql } from "drizzle-orm";
import * as z from "zod/mini";
import { batch, type Ctx } from "../context.ts";
import { appendEvents, ring } from "../events/log.ts";
import { type Outcome, setDelivery } from "../messages/delivery.ts";
import type { Delivered } from "./notification.ts";

// What becomes of a mail that we sent. Published examples and schemas of these triggers disagree on where fields
// stand, so both places are read.

const text = z.nullish(z.string());

const Failure = z.object({
  reason: text,
  error: z.nullish(z.object({ message: text })),
  object: z.nullish(z.looseObject({ id: text, reason: text, error: z.nullish(z.object({ message: text })) })),
});

const Success = z.object({ object: z.nullish(z.looseObject({ id: text })) });

const Bounce = z.object({
  bounce_reason: text,
  code: z.nullish(z.union([z.string(), z.number()])),
  bounced_addresses: z.nullish(z.union([z.string(), z.array(z.string())])),
  message_id: text,
  origin: z.nullish(z.looseObject({ id: text, mime_id: text })),
});

const Opened = z.object({
  message_id: z.string(),
  message_data: z.object({ count: z.int().check(z.minimum(0)) }),
});

const Clicked = z.object({
  message_id: z.string(),
  link_data: z.array(z.object({ count: z.int().check(z.minimum(0)) })),
});

/** message.send_success. */
export async function applySendSuccess(ctx: Ctx, delivered: Delivered): Promise<void> {
  const { object } = Success.parse(delivered.notification.data);
  await setDelivery(ctx, outcomeOf(delivered, [object?.id]), "sent", null);
}

/** message.send_failed. */
export async function applySendFailure(ctx: Ctx, delivered: Delivered): Promise<void> {
  const { reason, error, object } = Failure.parse(delivered.notification.data);
  const detail = reason ?? object?.reason ?? error?.message ?? object?.error?.message ?? null;
  await setDelivery(ctx, outcomeOf(delivered, [object?.id]), "failed", detail);
}

/**
 * message.bounce_detected.
 * @throws Error when the mail is not known yet; the queue brings the notification again
 */
export async function applyBounce(ctx: Ctx, delivered: Delivered): Promise<void> {
  const bounce = Bounce.parse(delivered.notification.data.object);
  const { origin } = bounce;
  const outcome = outcomeOf(delivered, [origin?.id, bounce.message_id], [bracketed(origin?.mime_id)]);
  const address = [bounce.bounced_addresses ?? []].flat().join(", ");
  const detail = [address, bounce.code, bounce.bounce_reason].filter(Boolean).join(": ");
  const found = await setDelivery(ctx, outcome, "bounced", detail);
  if (!found) throw new Error("The mail that bounced is not known yet");
}

/** message.opened: the count only grows, whatever the order of notifications. */
export async function applyOpened(ctx: Ctx, delivered: Delivered): Promise<void> {
  const { message_id, message_data } = Opened.parse(delivered.notification.data.object);
  await raise(ctx, delivered, "message.opened", sql.raw("opened_count"), message_id, message_data.count);
}

/** message.link_clicked: all links of the mail together. */
export async function applyClicked(ctx: Ctx, delivered: Delivered): Promise<void> {
  const { message_id, link_data } = Clicked.parse(delivered.notification.data.object);
  const count = link_data.reduce((sum, link) => sum + link.count, 0);
  await raise(ctx, delivered, "message.link_clicked", sql.raw("clicked_count"), message_id, count);
}

const outcomeOf = (
  { account, notification }: Delivered,
  providerIds: (string | null | undefined)[],
  internetIds: (string | null | undefined)[] = [],
): Outcome => ({ account, cause: notification.id, providerIds, internetIds });

const bracketed = (id: string | null | undefined) => id && (id.startsWith("<") ? id : `<${id}>`);

async function raise(
  ctx: Ctx,
  { account, notification }: Delivered,
  type: string,
  column: SQL,
  providerId: string,
  count: number,
): Promise<void> {
  const risen = sql`account_id = ${account.id} AND provider_message_id = ${providerId} AND ${column} < ${count}`;
  await batch(ctx, [
    appendEvents(sql`
      SELECT company_id, NULL, ${type}, thread_id, id, NULL, ${type} || '/' || id || '/' || ${notification.id}
      FROM ems_messages WHERE ${risen}`),
    sql`UPDATE ems_messages SET ${column} = ${count} WHERE ${risen}`,
  ]);
  ring(ctx, account.company_id);
}
