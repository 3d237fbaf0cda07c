import { rowOf, rowsOf } from "../../platform/rows.ts";
import type { Scheduler } from "./state.ts";

const DAY_MS = 24 * 3600_000;
/** How long runs are kept. */
const KEPT_MS = 30 * DAY_MS;
/** How long they may wait after that, so that they go together. */
const APART_MS = DAY_MS;
/** Runs that go at a time: each may have thousands of groups. */
const BATCH = 50;

/** When old runs are to go; null while there are none. */
export function forgetsAt(scheduler: Scheduler): number | null {
  const oldest = rowOf<{ planned_at: number }>(scheduler, "SELECT planned_at FROM runs ORDER BY id LIMIT 1");
  return oldest ? oldest.planned_at + KEPT_MS + APART_MS : null;
}

/** Removes runs that ended 30 days ago, with what became of their groups. If more have waited for a day, it is due again. */
export async function forgetRuns(scheduler: Scheduler): Promise<void> {
  const { sql, storage } = scheduler;
  storage.transactionSync(() => {
    const old = rowsOf<{ id: number }>(
      scheduler,
      "SELECT id FROM runs WHERE planned_at < ? AND ended_at IS NOT NULL ORDER BY id LIMIT ?",
      ...[Date.now() - KEPT_MS, BATCH],
    );
    const ids = JSON.stringify(old.map(({ id }) => id));
    sql.exec("DELETE FROM deliveries WHERE run_id IN (SELECT value FROM json_each(?))", ids);
    sql.exec("DELETE FROM runs WHERE id IN (SELECT value FROM json_each(?))", ids);
  });
}
