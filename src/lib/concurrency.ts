/**
 * Starts tasks in order, at most `limit` at a time.
 * @returns a promise per task. A rejected one affects no other task, and may be left without a handler
 */
export function startAll<T>(tasks: (() => Promise<T>)[], limit: number): Promise<T>[] {
  const started: Promise<T>[] = [];
  for (const [nth, task] of tasks.entries()) {
    const run = started[nth - limit]?.then(task, task) ?? task();
    run.catch(() => {});
    started.push(run);
  }
  return started;
}
