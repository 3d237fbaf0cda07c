import { type SQL, sql } from "drizzle-orm/sql";
import type { Database } from "../../platform/d1/database.ts";
import type { RowOf } from "../../platform/d1/rows.ts";
import type { events } from "../schema/live.ts";

/** One line of a company's log. */
export type LoggedEvent = Omit<RowOf<typeof events>, "cause" | "created_at">;

/** The columns of a LoggedEvent. */
export const EVENT_COLUMNS = sql<LoggedEvent>`id, company_id, user_id, type, thread_id, message_id, account_id`;

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
 * @returns the company's next events, whoever may see them, oldest first, at most `limit`
 */
export const readEvents = (
  db: Database,
  companyId: number,
  after: number,
  limit: number,
): Promise<LoggedEvent[]> =>
  db.all(sql<LoggedEvent>`
    ${logOf(EVENT_COLUMNS, companyId, after)} ORDER BY id LIMIT ${limit}`);

/** A company's log is in two indexes, of which SQLite merges what it needs. */
const logOf = <Row>(columns: SQL<Row>, companyId: number, after: number): SQL<Row> => sql`
  SELECT ${columns} FROM ems_events INDEXED BY ems_events_shared
  WHERE company_id = ${companyId} AND id > ${after} AND user_id IS NULL
  UNION ALL
  SELECT ${columns} FROM ems_events INDEXED BY ems_events_private
  WHERE company_id = ${companyId} AND id > ${after} AND user_id IS NOT NULL`;

/** Selects the ids of the company's events after one, whoever may see them. */
export const eventIdsAfter = (companyId: number, after: number): SQL<{ id: number }> =>
  logOf(sql<{ id: number }>`id`, companyId, after);

/** The id of the company's newest event, 0 when there is none. */
export async function lastEventId(db: Database, companyId: number): Promise<number> {
  const [row] = await db.all(sql<{ id: number }>`
    ${logOf(sql`id`, companyId, 0)} ORDER BY id DESC LIMIT 1`);
  return row?.id ?? 0;
}

/**
 * Selects the id of the newest event of all companies. It must stand before the statements of a list, in their batch:
 * then it tells the position that the list was read at.
 */
export const newestEvent = sql<{ newest: number }>`SELECT coalesce(max(id), 0) AS newest FROM ems_events`;
