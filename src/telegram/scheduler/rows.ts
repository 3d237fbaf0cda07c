import { rowOf, rowsOf } from "../../platform/rows.ts";
import type { Media } from "../../telegram-account/contract.ts";
import type { Timetable } from "./arithmetic.ts";
import type { Scheduler } from "./state.ts";

/** Why a mailing is not active any more. `user`: its user has stopped it. */
export type StopReason = "user" | "ended" | "no_subscription" | "no_accounts" | "content";

/** The mailing of the user. */
export interface MailingRow extends Record<string, SqlStorageValue> {
  seed: ArrayBuffer;
  text: string;
  /** JSON of Media. */
  media: string | null;
  frequency: number | null;
  duration: number | null;
  is_active: number;
  started_at: number | null;
  ends_at: number | null;
  max_steps: number | null;
  max_runs: number | null;
  first_run_at: number | null;
  step: number;
  sent_count: number;
  stop_reason: StopReason | null;
}

/** A run that has begun and not ended. */
export interface RunRow extends Record<string, SqlStorageValue> {
  id: number;
  started_at: number;
  number: number;
  text: string;
  media: string | null;
}

/** The constructor of the object makes the row. */
export function mailingOf(scheduler: Scheduler): MailingRow {
  const row = rowOf<MailingRow>(scheduler, "SELECT * FROM mailing WHERE id = 1");
  if (!row) throw new Error("The object has been erased");
  return row;
}

/** The timetable of the running mailing, or of the last one; null before the first and after a change of the interval. */
export function timetableOfRow(row: MailingRow): Timetable | null {
  const { first_run_at: firstRunAt, ends_at: endsAt, frequency, max_steps: maxSteps } = row;
  if (firstRunAt === null || endsAt === null || frequency === null || maxSteps === null) return null;
  return { firstRunAt, endsAt, frequency, maxSteps };
}

/** The run that has begun and not ended. There is one at most, and it is the last one. */
export function openRun(scheduler: Scheduler): RunRow | undefined {
  const run = rowOf<RunRow & { ended_at: number | null }>(
    scheduler,
    "SELECT id, started_at, number, text, media, ended_at FROM runs ORDER BY id DESC LIMIT 1",
  );
  return run?.ended_at === null ? run : undefined;
}

/** The picture or video of a row. @param json as it is stored */
export const mediaOf = (json: string | null): Media | null => (json === null ? null : JSON.parse(json));

/**
 * The condition for groups `g` that posts go to. A pause of an account takes nothing away: its groups would otherwise be
 * given to others, who would run into the same limit.
 */
export const POSTABLE = `g.is_excluded = 0 AND g.is_blocked = 0 AND g.out_reason IS NULL AND EXISTS (
  SELECT 1 FROM memberships m JOIN accounts a ON a.phone = m.phone
  WHERE m.group_id = g.id AND a.state IN ('active', 'paused'))`;

/** How many groups a run would post to. */
export const countPostable = (scheduler: Scheduler): number =>
  rowOf<{ count: number }>(scheduler, `SELECT count(*) AS count FROM groups g WHERE ${POSTABLE}`)?.count ?? 0;

/** Ends the pauses whose time has come. */
export function endPauses({ sql }: Scheduler): void {
  sql.exec(
    `UPDATE accounts SET state = 'active', reason = NULL, paused_until = NULL
     WHERE state = 'paused' AND paused_until <= ?`,
    Date.now(),
  );
}

/** True if an account could post: one that is active, or with `isPausedToo` one whose pause will end. */
export const hasAccount = (scheduler: Scheduler, { isPausedToo }: { isPausedToo: boolean }): boolean =>
  rowsOf(
    scheduler,
    `SELECT 1 FROM accounts WHERE state = 'active'${isPausedToo ? " OR state = 'paused'" : ""} LIMIT 1`,
  ).length > 0;
