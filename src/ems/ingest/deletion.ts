import { sql } from "../../platform/d1/sql.ts";
import { batch, type Ctx, ofCompany } from "../context.ts";
import { notifyHub } from "../events/hub-client.ts";
import { appendEvents } from "../events/log.ts";
import { mergeMoved, recordDeletion } from "./moves.ts";
import type { MailAccount } from "./state.ts";

/**
 * Applies a deletion at the provider. A tombstone blocks late notifications of earlier states, and leads replies
 * to the rest of the thread. Messages of a protected thread (`do_not_delete`) and moved messages stay.
 * @param deletedAt in milliseconds; a state seen later outlasts the deletion
 * @throws Error after losing to a concurrent update; the caller retries
 */
export async function deleteMessage(
  ctx: Ctx,
  account: MailAccount,
  providerId: string,
  deletedAt: number,
): Promise<void> {
  const companyCtx = ofCompany(ctx, account.company_id);
  if (await mergeMoved(companyCtx, account, providerId, deletedAt))
    return notifyHub(companyCtx, account.company_id);
  const doomed = sql`account_id = ${account.id} AND provider_message_id = ${providerId}
    AND observed_at <= ${deletedAt}
    AND NOT EXISTS (SELECT 1 FROM ems_threads t WHERE t.id = thread_id AND t.do_not_delete = 1)`;
  await batch(companyCtx, [
    sql`
      INSERT INTO ems_tombstones (account_id, provider_message_id, deleted_at, internet_message_id, thread_id)
      SELECT ${account.id}, ${providerId}, ${deletedAt}, m.internet_message_id, m.thread_id
      FROM (SELECT 1) LEFT JOIN ems_messages m ON m.account_id = ${account.id} AND m.provider_message_id = ${providerId}
      WHERE true
      ON CONFLICT (account_id, provider_message_id) DO UPDATE SET
        deleted_at = max(deleted_at, excluded.deleted_at),
        internet_message_id = coalesce(excluded.internet_message_id, internet_message_id),
        thread_id = coalesce(excluded.thread_id, thread_id)`,
    appendEvents(sql`
      SELECT company_id, NULL, 'message.deleted', thread_id, id, NULL, 'message.deleted/' || id || '/' || applied_by
      FROM ems_messages WHERE ${doomed}
      UNION ALL
      SELECT company_id, NULL, 'thread.updated', thread_id, id, NULL, 'thread.shrunk/' || id || '/' || applied_by
      FROM ems_messages WHERE ${doomed}`),
    recordDeletion(doomed),
    sql`DELETE FROM ems_messages WHERE ${doomed}`,
  ]);
  notifyHub(companyCtx, account.company_id);
}
