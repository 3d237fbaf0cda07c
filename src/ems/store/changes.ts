import { type Key, type Move, refresh } from "./copy.ts";
import { COMPANY_TABLES } from "./tables.ts";

// During a move, triggers in D1 write the key of each changed row to ems_changed_rows, whichever company it belongs to.

/** Keys to follow in one step. */
const AT_A_TIME = 90;

const nameOf = (table: string, event: string): string => `moving_${table}_${event.toLowerCase()}`;

/** Begins to record changed rows. Repeating it changes nothing. */
export async function startRecording({ runInD1, storage }: Move): Promise<void> {
  for (const table of Object.keys(COMPANY_TABLES)) {
    const key = storage.sql
      .exec<{ name: string }>("SELECT name FROM pragma_table_info(?) WHERE pk > 0 ORDER BY pk", table)
      .toArray();
    const write = (row: "OLD" | "NEW") =>
      `INSERT INTO ems_changed_rows (name, key)
       VALUES ('${table}', json_array(${key.map(({ name }) => `${row}.${name}`).join(", ")}));`;
    const bodies = { INSERT: write("NEW"), UPDATE: write("OLD") + write("NEW"), DELETE: write("OLD") };
    await runInD1(
      Object.entries(bodies).map(([event, body]) => ({
        sql: `CREATE TRIGGER IF NOT EXISTS ${nameOf(table, event)} AFTER ${event} ON ${table} BEGIN ${body} END`,
        params: [],
      })),
    );
  }
}

/** Ends the recording, and forgets what was recorded. */
export async function stopRecording({ runInD1 }: Move): Promise<void> {
  const triggers = Object.keys(COMPANY_TABLES).flatMap((table) =>
    ["INSERT", "UPDATE", "DELETE"].map((event) => `DROP TRIGGER IF EXISTS ${nameOf(table, event)}`),
  );
  await runInD1([...triggers, "DELETE FROM ems_changed_rows"].map((sql) => ({ sql, params: [] })));
}

/** The number of the newest recorded change; 0 without any. */
export async function newestChange({ runInD1 }: Move): Promise<number> {
  const sql = "SELECT coalesce(max(seq), 0) AS seq FROM ems_changed_rows";
  const [rows] = await runInD1([{ sql, params: [] }]);
  return (rows as { seq: number }[])[0]?.seq ?? 0;
}

/** Applies the next recorded changes to the copy. @returns how many, at most 90 */
export async function follow(move: Move, upTo: number): Promise<number> {
  const [rows] = await move.runInD1([
    {
      sql: "SELECT seq, name, key FROM ems_changed_rows WHERE seq <= ? ORDER BY seq LIMIT ?",
      params: [upTo, AT_A_TIME],
    },
  ]);
  const changes = rows as { seq: number; name: string; key: string }[];
  const last = changes.at(-1);
  if (!last) return 0;
  const distinct = new Map(
    changes.map(({ name, key }) => [name + key, { name, key: JSON.parse(key) as Key }]),
  );
  await refresh(move, [...distinct.values()]);
  await move.runInD1([{ sql: "DELETE FROM ems_changed_rows WHERE seq <= ?", params: [last.seq] }]);
  return changes.length;
}
