import { AsyncLocalStorage } from "node:async_hooks";

/** A request, queue batch, alarm or cron run, as the log sees it. It grows while the work goes on. */
interface Work {
  id: string;
  rowsRead: number;
  rowsWritten: number;
  companies: Set<number>;
  /** What else its line says. */
  fields: Record<string, unknown>;
}

const current = new AsyncLocalStorage<Work>();

/** Runs work. Within it, `log` adds the id to each line, and rows are counted. */
export const startWork = <T>(id: string, run: () => T): T =>
  current.run({ id, rowsRead: 0, rowsWritten: 0, companies: new Set(), fields: {} }, run);

/** The id of the work that runs now. */
export const workId = (): string | undefined => current.getStore()?.id;

/** Adds fields to the line of the work that runs now. */
export function note(fields: Record<string, unknown>): void {
  Object.assign(current.getStore()?.fields ?? {}, fields);
}

/** Notes companies that the work is for. */
export function noteCompanies(ids: Iterable<number>): void {
  const work = current.getStore();
  for (const id of ids) work?.companies.add(id);
}

/** Counts rows as the database bills them. */
export function countRows(read: number, written: number): void {
  const work = current.getStore();
  if (!work) return;
  work.rowsRead += read;
  work.rowsWritten += written;
}

/** The rows that the work that runs now has read and written. */
export function rowsOf(): [read: number, written: number] {
  const { rowsRead = 0, rowsWritten = 0 } = current.getStore() ?? {};
  return [rowsRead, rowsWritten];
}

/** The fields of the work that runs now: the company if it is one, else how many; and its rows so far. */
export function workFields(): Record<string, unknown> {
  const work = current.getStore();
  if (!work) return {};
  const [company, ...others] = work.companies;
  return {
    ...work.fields,
    ...(others.length ? { companies: others.length + 1 } : company === undefined ? {} : { company }),
    rows_read: work.rowsRead,
    rows_written: work.rowsWritten,
  };
}
