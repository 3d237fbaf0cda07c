import type { RoomsReading } from "../contract.ts";

const nothing = () => ({ starts: 0, alarms: 0, rows: { read: 0, written: 0 } });

/** Since the last reset. The Worker and the rooms share an isolate here. */
export const meter: RoomsReading = nothing();

/** Statements that may not have ended: a cursor knows its rows only then. */
const cursors: SqlStorageCursor<Record<string, SqlStorageValue>>[] = [];
/** Statements are counted from the first reset on, and never while thousands of messages are sent. */
let isCounting = false;

/** @returns what happened since the last reset */
export function readMeter(): RoomsReading {
  for (const { rowsRead, rowsWritten } of cursors.splice(0)) {
    meter.rows.read += rowsRead;
    meter.rows.written += rowsWritten;
  }
  return meter;
}

/** Resets the meter. @param counting whether to count rows from now on */
export function resetMeter(counting: boolean): void {
  cursors.length = 0;
  isCounting = counting;
  Object.assign(meter, nothing());
}

/** Counts the rows of an Object's storage: of statements, values, and alarms that are set. */
export function meterStorage(storage: DurableObjectStorage): void {
  const { sql, kv } = storage;
  const exec = sql.exec.bind(sql);
  replace(sql, "exec", (query: string, ...params: SqlStorageValue[]) => {
    const cursor = exec(query, ...params);
    if (isCounting) cursors.push(cursor);
    return cursor;
  });
  const count = (target: object, name: string, kind: keyof RoomsReading["rows"]) => {
    const method = (Reflect.get(target, name) as (...args: unknown[]) => unknown).bind(target);
    replace(target, name, (...args: unknown[]) => {
      if (isCounting) meter.rows[kind]++;
      return method(...args);
    });
  };
  count(kv, "get", "read");
  count(kv, "put", "written");
  count(storage, "getAlarm", "read");
  count(storage, "setAlarm", "written");
}

const replace = (target: object, name: string, value: unknown) =>
  Object.defineProperty(target, name, { value, configurable: true });
