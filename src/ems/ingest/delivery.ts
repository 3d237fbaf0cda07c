import { type SQL, sql } from "drizzle-orm/sql";
import { cut } from "../../lib/line.ts";
import { batch, type Ctx } from "../context.ts";
import { notifyHub } from "../events/hub-client.ts";
import { appendEvents } from "../events/log.ts";

/** What has become of a mail of an account, which is known by any of these ids. */
export interface Outcome {
  account: { id: string; company_id: number };
  /** Names the notification or mail that told it: each tells it once. */
  cause: string;
  providerIds: string[];
  /** By which messages are compared (lib/message-ids.ts). */
  messageIds: string[];
}

/** The account's messages of these ids: each is looked up by its own index, which an OR would keep SQLite from. */
const matching = ({ account, providerIds, messageIds }: Outcome): SQL => sql`id IN (
  SELECT m.id FROM json_each(${JSON.stringify(providerIds)}) j CROSS JOIN ems_messages m
    ON m.account_id = ${account.id} AND m.provider_message_id = j.value
  UNION ALL
  SELECT m.id FROM json_each(${JSON.stringify(messageIds)}) j CROSS JOIN ems_messages m
    ON m.account_id = ${account.id} AND m.internet_message_id = j.value)`;

/**
 * Shows on a mail what has become of it, and tells the company, once.
 * @param detail what people may read of it; at most 500 characters are kept
 * @returns false when there is no such message
 */
export async function setDelivery(
  ctx: Ctx,
  outcome: Outcome,
  state: "sent" | "bounced" | "failed",
  detail: string | null,
): Promise<boolean> {
  // A bounce follows a success, which may come later all the same.
  const isNews = sql`delivery_state IS NOT ${state} AND (${state} <> 'sent' OR delivery_state IS NULL)`;
  const [found] = await batch(ctx, [
    sql`SELECT 1 FROM ems_messages WHERE ${matching(outcome)}`,
    appendEvents(sql`
      SELECT company_id, NULL, 'message.delivery_updated', thread_id, id, NULL, 'delivery/' || id || '/' || ${outcome.cause}
      FROM ems_messages WHERE ${matching(outcome)} AND ${isNews}`),
    sql`
      UPDATE ems_messages SET delivery_state = ${state}, delivery_detail = ${detail && cut(detail.toWellFormed(), 500)}
      WHERE ${matching(outcome)} AND ${isNews}`,
  ]);
  notifyHub(ctx, outcome.account.company_id);
  return (found?.length ?? 0) > 0;
}
