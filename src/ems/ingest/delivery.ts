import { cut } from "../../lib/line.ts";
import { type SQL, sql } from "../../platform/d1/sql.ts";
import { batch, type Ctx } from "../context.ts";
import { notifyHub } from "../events/hub-client.ts";
import { appendEvents } from "../events/log.ts";

/** The outcome of an account's mail, identified by any of these ids. */
export interface Outcome {
  account: { id: string; company_id: number };
  /** Identifies the notification or report. Each cause appends one event. */
  cause: string;
  providerIds: string[];
  /** Normalised Message-IDs (lib/message-ids.ts). */
  messageIds: string[];
}

/**
 * Matches the account's messages with these ids. UNION ALL, because an OR would keep SQLite from using the two
 * indexes.
 */
const matching = ({ account, providerIds, messageIds }: Outcome): SQL => sql`id IN (
  SELECT m.id FROM json_each(${JSON.stringify(providerIds)}) j CROSS JOIN ems_messages m
    ON m.account_id = ${account.id} AND m.provider_message_id = j.value
  UNION ALL
  SELECT m.id FROM json_each(${JSON.stringify(messageIds)}) j CROSS JOIN ems_messages m
    ON m.account_id = ${account.id} AND m.internet_message_id = j.value)`;

/**
 * Stores the delivery state of a mail and appends one event.
 * @param detail for display; cut to 500 characters
 * @returns false when there is no such message
 */
export async function setDelivery(
  ctx: Ctx,
  outcome: Outcome,
  state: "sent" | "bounced" | "failed",
  detail: string | null,
): Promise<boolean> {
  // A bounce overrides `sent`, and the notification of `sent` may arrive after it.
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
