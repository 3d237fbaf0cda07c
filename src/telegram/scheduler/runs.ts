import { rowsOf } from "../../platform/rows.ts";
import type { Delivery, Run } from "./contract.ts";
import type { Scheduler } from "./state.ts";

interface CountedRun extends Record<string, SqlStorageValue> {
  id: number;
  number: number;
  planned_at: number;
  began_at: number | null;
  ended_at: number | null;
  sent: number;
  skipped: number;
  failed: number;
  unknown: number;
}

const COUNTS = `count(*) FILTER (WHERE d.state = 'sent') AS sent,
  count(*) FILTER (WHERE d.state = 'skipped')
    + (SELECT coalesce(sum(json_array_length(value, '$.groups')), 0) FROM json_each(r.skips)) AS skipped,
  count(*) FILTER (WHERE d.state = 'failed') AS failed,
  count(*) FILTER (WHERE d.state = 'unknown') AS unknown`;

/** Runs with what became of their groups, newest first. @param before an id of a run: only older ones */
export const listRuns = (scheduler: Scheduler, before: number | null, size: number): Run[] =>
  rowsOf<CountedRun>(
    scheduler,
    `SELECT r.id, r.number, r.planned_at, r.began_at, r.ended_at, ${COUNTS}
     FROM (SELECT * FROM runs WHERE id < ? ORDER BY id DESC LIMIT ?) r
     LEFT JOIN deliveries d ON d.run_id = r.id GROUP BY r.id ORDER BY r.id DESC`,
    ...[before ?? Number.MAX_SAFE_INTEGER, size],
  ).map(toRun);

const toRun = ({ planned_at, began_at, ended_at, ...run }: CountedRun): Run => ({
  ...run,
  plannedAt: planned_at,
  beganAt: began_at,
  endedAt: ended_at,
});

interface DeliveryRow extends Record<string, SqlStorageValue> {
  id: number;
  title: string;
  username: string | null;
  state: Delivery["state"];
  reason: string | null;
  phone: number | null;
  at: number | null;
  message_id: number | null;
}

/** A run and its groups, in the order in which they were done; null if the user has no such run. */
export function showRun(scheduler: Scheduler, id: number): { run: Run; deliveries: Delivery[] } | null {
  const [run] = listRuns(scheduler, id + 1, 1);
  if (run?.id !== id) return null;
  const rows = rowsOf<DeliveryRow>(
    scheduler,
    `SELECT g.id, g.title, g.username, d.state, d.reason, d.phone, d.message_id, d.at
     FROM outcomes d JOIN groups g ON g.id = d.group_id WHERE d.run_id = ? ORDER BY d.at, g.id`,
    id,
  );
  return { run, deliveries: rows.map(toDelivery) };
}

const toDelivery = ({ id, title, username, message_id, ...delivery }: DeliveryRow): Delivery => ({
  group: id,
  title,
  ...delivery,
  link: username !== null && message_id !== null ? `https://t.me/${username}/${message_id}` : null,
});
