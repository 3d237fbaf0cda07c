import { cuid } from "../lib/cuid.ts";
import { rowOf } from "../platform/rows.ts";
import type { MailboxContext } from "./context.ts";
import type { RefusalCode, Task, TaskStatus } from "./contract.ts";
import { notFound } from "./errors.ts";

type TaskRow = {
  id: string;
  status: TaskStatus;
  progress: number;
  result: string | null;
  error: string | null;
  code: RefusalCode | null;
};

const COLUMNS = "id, status, progress, result, error, code";

const toTask = ({ id, result, ...row }: TaskRow): Task => ({
  taskId: id,
  ...row,
  result: result === null ? null : JSON.parse(result),
});

/** How long a task can be asked for after its last change: as long as Celery keeps results by default. */
export const TASK_MS = 24 * 3600_000;

/** A task; undefined if it is unknown, or was forgotten. */
export function findTask(ctx: MailboxContext, taskId: string): Task | undefined {
  const kept = Date.now() - TASK_MS;
  const row = rowOf<TaskRow>(
    ctx,
    `SELECT ${COLUMNS} FROM tasks WHERE id = ? AND updated_at > ?`,
    taskId,
    kept,
  );
  return row && toTask(row);
}

/** @throws MailError NOT_FOUND for a task that is unknown, or was forgotten */
export function getTask(ctx: MailboxContext, taskId: string): Task {
  const task = findTask(ctx, taskId);
  if (!task) throw notFound("Task");
  return task;
}

/** Adds a task that is pending. @param scope what it covers: of a sync, one for each scope runs at a time */
export function addTask(ctx: MailboxContext, accountId: string, kind: "sync" | "send", scope: string): Task {
  const id = `${accountId}-${cuid()}`;
  const now = Date.now();
  ctx.sql.exec(
    "INSERT INTO tasks (id, kind, scope, status, created_at, updated_at) VALUES (?, ?, ?, 'pending', ?, ?)",
    ...[id, kind, scope, now, now],
  );
  return getTask(ctx, id);
}

/** The running sync of a scope. */
export function runningSync(ctx: MailboxContext, scope: string): Task | undefined {
  const row = rowOf<TaskRow>(
    ctx,
    `SELECT ${COLUMNS} FROM tasks WHERE kind = 'sync' AND status IN ('pending', 'started', 'retry') AND scope = ?`,
    scope,
  );
  return row && toTask(row);
}

/** Notes how far a task is. What has ended stays as it is; progress never falls, and is 100 only with success. */
export function noteTask(
  ctx: MailboxContext,
  taskId: string,
  change: {
    status: TaskStatus;
    progress?: number;
    result?: object;
    error?: string | null;
    code?: RefusalCode | null;
  },
): void {
  const { status, progress = 0, result, error = null, code = null } = change;
  const reached = status === "success" ? 100 : Math.min(99, Math.max(0, Math.floor(progress)));
  ctx.sql.exec(
    `UPDATE tasks SET status = ?1, progress = max(progress, ?2), result = coalesce(?3, result), error = ?4, code = ?5, updated_at = ?6
     WHERE id = ?7 AND status NOT IN ('success', 'failure')`,
    ...[status, reached, result ? JSON.stringify(result) : null, error, code, Date.now(), taskId],
  );
}
