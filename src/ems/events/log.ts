import type { Database } from "../../platform/d1/database.ts";
import type { RowOf } from "../../platform/d1/rows.ts";
import { type SQL, sql } from "../../platform/d1/sql.ts";
import type { events } from "../schema/live.ts";

/** An event of a company's log. */
export type LoggedEvent = Omit<RowOf<typeof events>, "cause" | "created_at">;

/** The columns to select for a LoggedEvent. */
export const EVENT_COLUMNS = sql<LoggedEvent>`id, company_id, user_id, type, thread_id, message_id, account_id`;

/**
 * The statement that appends events to the log. It must be in the batch of the change that they describe.
 * @param rows a SELECT of company_id, user_id, type, thread_id, message_id, account_id, cause; without rows if the
 *   change did not happen. An event with a known cause is not added again.
 */
export const appendEvents = (rows: SQL): SQL => sql`
  INSERT INTO ems_events (company_id, user_id, type, thread_id, message_id, account_id, cause, created_at)
  SELECT *, unixepoch() FROM (${rows}) WHERE true
  ON CONFLICT (cause) DO NOTHING`;

/** Selects a company's next events, for all audiences, oldest first. @param after the id of the last known event */
export const eventsAfter = (companyId: number, after: number, limit: number): SQL<LoggedEvent> => sql`
  ${logOf(EVENT_COLUMNS, companyId, after)} ORDER BY id LIMIT ${limit}`;

/** Selects from the two indexes of a company's log. SQLite merges them lazily. */
const logOf = <Row>(columns: SQL<Row>, companyId: number, after: number): SQL<Row> => sql`
  SELECT ${columns} FROM ems_events INDEXED BY ems_events_shared
  WHERE company_id = ${companyId} AND id > ${after} AND user_id IS NULL
  UNION ALL
  SELECT ${columns} FROM ems_events INDEXED BY ems_events_private
  WHERE company_id = ${companyId} AND id > ${after} AND user_id IS NOT NULL`;

/** Selects the ids of the company's events after `after`, for all audiences. */
export const eventIdsAfter = (companyId: number, after: number): SQL<{ id: number }> =>
  logOf(sql<{ id: number }>`id`, companyId, after);

/** Reads the id of the company's newest event; 0 without events. */
export async function lastEventId(db: Database, companyId: number): Promise<number> {
  const [row] = await db.all(sql<{ id: number }>`
    ${logOf(sql`id`, companyId, 0)} ORDER BY id DESC LIMIT 1`);
  return row?.id ?? 0;
}

/**
 * Selects the id of the newest event of all companies. Put it before the statements of a list, in the same batch: then
 * it gives the position at which the list was read.
 */
export const newestEvent = sql<{ newest: number }>`SELECT coalesce(max(id), 0) AS newest FROM ems_events`;
