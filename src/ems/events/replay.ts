import { type SQL, sql } from "drizzle-orm";
import type { CurrentUser } from "../../auth/token.ts";
import { batch, type Ctx } from "../context.ts";
import { EVENT_COLUMNS, type LoggedEvent, newestEvent, rowOf } from "./log.ts";
import { type Position, parsePosition, positionAt } from "./position.ts";

/** Whoever has missed more events than this is better off reading the lists again. */
export const REPLAY_LIMIT = 5000;

export interface Start {
  position: Position;
  /** False when what came before cannot be told: the client has to read its lists again. */
  isKnown: boolean;
  /** The newest event of each company's log when this was found out. */
  newest: Position;
}

/**
 * Where a client goes on that was at `since`, or begins without it: in the companies of its current token.
 * Unknown is a position that is damaged, from before what the log still holds, ahead of the log, or without one
 * of the companies.
 */
export async function findStart(
  ctx: Ctx,
  { companies }: CurrentUser,
  since: string | undefined,
): Promise<Start> {
  const bounds = await ctx.db.all<{ newest: number; oldest: number | null }>(sql`
    SELECT *, (SELECT min(id) FROM ems_events) AS oldest FROM (${newestEvent})`);
  const newest = positionAt(companies, (company) => rowOf(ctx, bounds, company)?.newest ?? 0);
  if (!since) return { position: new Map(newest), isKnown: true, newest };
  const told = parsePosition(since);
  const position: Position = new Map();
  for (const [company, last] of newest) {
    const id = told?.get(company);
    const oldest = rowOf(ctx, bounds, company)?.oldest ?? last + 1;
    if (id !== undefined && id >= oldest - 1 && id <= last) position.set(company, id);
  }
  const isKnown = told !== null && position.size === companies.length;
  return { position: isKnown ? position : new Map(newest), isKnown, newest };
}

/**
 * Reads what a user may see and has not had, over several companies.
 * @param behind where the user stands in each company to look at
 * @returns the next events in the order of their commits, at most `limit`
 */
export async function readMissed(
  ctx: Ctx,
  { user_id }: CurrentUser,
  behind: Position,
  limit: number,
): Promise<LoggedEvent[]> {
  // A statement per company and audience, each walking its own index: one over all would sort what it finds, and
  // the index that has both audiences would walk past all that colleagues did for themselves.
  const part = (company: number, id: number, index: string, audience: SQL) => sql`
    SELECT ${EVENT_COLUMNS} FROM ems_events INDEXED BY ${sql.raw(index)}
    WHERE company_id = ${company} AND id > ${id} AND ${audience} ORDER BY id LIMIT ${limit}`;
  const parts = await batch(
    ctx,
    [...behind].flatMap(([company, id]) => [
      part(company, id, "ems_events_shared", sql`user_id IS NULL`),
      part(company, id, "ems_events_own", sql`user_id = ${user_id}`),
    ]),
  );
  const events = parts.flat() as LoggedEvent[];
  return events.sort((a, b) => a.id - b.id).slice(0, limit);
}
