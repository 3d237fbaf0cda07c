import { type SQL, sql } from "drizzle-orm";
import { log } from "../../lib/log.ts";
import type { Ctx } from "../context.ts";

/** One line of a company's log, as the stream shows it. */
export interface LoggedEvent {
  id: number;
  company_id: number;
  user_id: number | null;
  type: string;
  thread_id: string | null;
  message_id: string | null;
  account_id: string | null;
}

/** What a user's browser gets: what does not apply is null. */
export const toEventData = ({ type, thread_id, message_id, company_id, account_id }: LoggedEvent) => ({
  type,
  thread_id,
  message_id,
  company_id,
  ...(account_id === null ? {} : { account_id }),
});

/**
 * The statement that appends events to the log. It belongs into the batch of the change that they tell of.
 * @param rows a SELECT of company_id, user_id, type, thread_id, message_id, account_id, cause; it must yield no
 *   row when the change did not happen. An event whose cause is in the log already is not added again.
 */
export const appendEvents = (rows: SQL): SQL => sql`
  INSERT INTO ems_events (company_id, user_id, type, thread_id, message_id, account_id, cause, created_at)
  SELECT *, unixepoch() FROM (${rows}) WHERE true
  ON CONFLICT (cause) DO NOTHING`;

/**
 * @param after the id of the last event that is known
 * @returns the company's next events, oldest first, at most `limit`
 */
export const readEvents = (
  db: Ctx["db"],
  companyId: number,
  after: number,
  limit: number,
): Promise<LoggedEvent[]> =>
  db.all<LoggedEvent>(sql`
    SELECT id, company_id, user_id, type, thread_id, message_id, account_id FROM ems_events
    WHERE company_id = ${companyId} AND id > ${after} ORDER BY id LIMIT ${limit}`);

/** The id of the company's newest event, 0 when there is none. */
export async function lastEventId(db: Ctx["db"], companyId: number): Promise<number> {
  const [row] = await db.all<{ id: number }>(sql`
    SELECT id FROM ems_events WHERE company_id = ${companyId} ORDER BY id DESC LIMIT 1`);
  return row?.id ?? 0;
}

/** Tells the company's hub, after the batch has committed, that its log has grown. */
export function ring({ env, defer }: Ctx, companyId: number): void {
  const hub = env.COMPANY_HUB.get(env.COMPANY_HUB.idFromName(String(companyId)));
  defer(hub.ring(companyId).catch((error) => log("warn", "ring.failed", { companyId, error })));
}
