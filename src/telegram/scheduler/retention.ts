import { rowOf, rowsOf } from "../../platform/rows.ts";
import type { Scheduler } from "./state.ts";

const DAY_MS = 24 * 3600_000;
/** How long runs are kept. */
const KEPT_MS = 30 * DAY_MS;
/** They go a day's worth at a time. */
const APART_MS = DAY_MS;
/** Runs that go at a time. */
const BATCH = 50;

/** When old runs are to go; null while there are none. */
export function forgetsAt(scheduler: Scheduler): number | null {
  const oldest = rowOf<{ planned_at: number }>(scheduler, "SELECT planned_at FROM runs ORDER BY id LIMIT 1");
  return oldest ? oldest.planned_at + KEPT_MS + APART_MS : null;
}

/** Removes runs that ended 30 days ago, with what became of their groups. */
export async function forgetRuns(scheduler: Scheduler): Promise<void> {
  const { sql, storage } = scheduler;
  const before = Date.now() - KEPT_MS;
  for (let isMore = true; isMore; ) {
    isMore = storage.transactionSync(() => {
      const old = rowsOf<{ id: number }>(
        scheduler,
        "SELECT id FROM runs WHERE planned_at < ? AND ended_at IS NOT NULL ORDER BY id LIMIT ?",
        ...[before, BATCH],
      );
      const ids = JSON.stringify(old.map(({ id }) => id));
      sql.exec("DELETE FROM deliveries WHERE run_id IN (SELECT value FROM json_each(?))", ids);
      sql.exec("DELETE FROM runs WHERE id IN (SELECT value FROM json_each(?))", ids);
      return old.length === BATCH;
    });
  }
}
