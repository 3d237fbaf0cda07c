import { type SQL, sql } from "drizzle-orm";
import * as z from "zod/mini";
import { cut } from "../../lib/text.ts";
import { batch, type Ctx } from "../context.ts";
import { appendEvents, ring } from "../events/log.ts";
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
  await setDelivery(ctx, delivered, byIds(delivered, [object?.id], []), "sent", null);
}

/** message.send_failed. */
export async function applySendFailure(ctx: Ctx, delivered: Delivered): Promise<void> {
  const { reason, error, object } = Failure.parse(delivered.notification.data);
  const detail = reason ?? object?.reason ?? error?.message ?? object?.error?.message ?? null;
  await setDelivery(ctx, delivered, byIds(delivered, [object?.id], []), "failed", detail);
}

/**
 * message.bounce_detected.
 * @throws Error when the mail is not known yet; the queue brings the notification again
 */
export async function applyBounce(ctx: Ctx, delivered: Delivered): Promise<void> {
  const bounce = Bounce.parse(delivered.notification.data.object);
  const { origin } = bounce;
  const which = byIds(delivered, [origin?.id, bounce.message_id], [origin?.mime_id]);
  const address = [bounce.bounced_addresses ?? []].flat().join(", ");
  const detail = [address, bounce.code, bounce.bounce_reason].filter(Boolean).join(": ");
  const found = await setDelivery(ctx, delivered, which, "bounced", detail);
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

const jsonOf = (ids: (string | null | undefined)[]): string => JSON.stringify(ids.filter(Boolean));

const bracketed = (id: string | null | undefined) => id && (id.startsWith("<") ? id : `<${id}>`);

/** The account's messages of these ids: each is looked up by its own index, which an OR would keep SQLite from. */
const byIds = (
  { account }: Delivered,
  providerIds: (string | null | undefined)[],
  messageIds: (string | null | undefined)[],
): SQL => sql`id IN (
  SELECT m.id FROM json_each(${jsonOf(providerIds)}) j CROSS JOIN ems_messages m
    ON m.account_id = ${account.id} AND m.provider_message_id = j.value
  UNION ALL
  SELECT m.id FROM json_each(${jsonOf(messageIds.map(bracketed))}) j CROSS JOIN ems_messages m
    ON m.account_id = ${account.id} AND m.internet_message_id = j.value)`;

/** @returns false when there is no such message */
async function setDelivery(
  ctx: Ctx,
  { account, notification }: Delivered,
  which: SQL,
  state: "sent" | "bounced" | "failed",
  detail: string | null,
): Promise<boolean> {
  // A bounce follows a success, which may come later all the same.
  const isNews = sql`delivery_state IS NOT ${state} AND (${state} <> 'sent' OR delivery_state IS NULL)`;
  const [found] = await batch(ctx, [
    sql`SELECT 1 FROM ems_messages WHERE ${which}`,
    appendEvents(sql`
      SELECT company_id, NULL, 'message.delivery_updated', thread_id, id, NULL, 'delivery/' || id || '/' || ${notification.id}
      FROM ems_messages WHERE ${which} AND ${isNews}`),
    sql`
      UPDATE ems_messages SET delivery_state = ${state}, delivery_detail = ${detail && cut(detail, 500)}
      WHERE ${which} AND ${isNews}`,
  ]);
  ring(ctx, account.company_id);
  return (found?.length ?? 0) > 0;
}

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
