import type { Database } from "../../platform/d1/database.ts";
import type { RowOf } from "../../platform/d1/rows.ts";
import { type SQL, sql } from "../../platform/d1/sql.ts";
import type { events } from "../schema/live.ts";

/** An event of a company's log. */
export type LoggedEvent = Omit<RowOf<typeof events>, "company_id" | "cause" | "created_at"> & {
  company_id: number;
};

/** The columns to select for a LoggedEvent. */
export const EVENT_COLUMNS = sql<LoggedEvent>`id, company_id, user_id, type, thread_id, message_id, account_id`;

/**
 * The statement that appends events to the log. It must be in the batch of the change that they describe.
 * @param rows a SELECT of company_id, user_id, type, thread_id, message_id, account_id, cause; without rows if the
 *   change did not happen. An event with a known cause is not added again; without a cause it always is.
 */
export const appendEvents = (rows: SQL): SQL => sql`
  INSERT INTO ems_events (company_id, user_id, type, thread_id, message_id, account_id, cause, created_at)
  SELECT *, unixepoch() FROM (${rows}) WHERE true
  ON CONFLICT (cause) WHERE cause IS NOT NULL DO NOTHING`;

/**
 * Selects a company's next events, for everyone and for some users, oldest first. An event `restored` is among them if
 * the database was restored in between: see ops/restored.ts.
 * @param users the users whose private events to read
 * @param after the id of the last known event
 */
export function eventsAfter(
  companyId: number,
  users: number[],
  after: number,
  limit: number,
): SQL<LoggedEvent> {
  const next = sql`company_id = ${companyId} AND id > ${after}`;
  return sql`
    SELECT ${EVENT_COLUMNS} FROM ems_events INDEXED BY ems_events_audience WHERE ${next} AND user_id IS NULL
    UNION ALL
    SELECT ${EVENT_COLUMNS} FROM (SELECT value AS audience FROM json_each(${JSON.stringify(users)}))
    CROSS JOIN ems_events INDEXED BY ems_events_audience ON user_id = audience WHERE ${next}
    UNION ALL
    SELECT ${EVENT_COLUMNS} FROM ems_events INDEXED BY ems_events_audience
    WHERE company_id IS NULL AND user_id IS NULL AND id > ${after} AND type = 'restored'
    ORDER BY id LIMIT ${limit}`;
}

/** Reads the id of the newest event of all companies; 0 before the first. */
export async function lastEventId(db: Database): Promise<number> {
  const [row] = await db.all(newestEvent);
  return row?.newest ?? 0;
}

/**
 * Selects the id of the newest event of all companies. Put it before the statements of a list, in the same batch: then
 * it gives the position at which the list was read.
 */
export const newestEvent = sql<{ newest: number }>`SELECT coalesce(max(id), 0) AS newest FROM ems_events`;
