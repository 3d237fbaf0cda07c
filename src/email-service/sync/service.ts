import { notFound } from "../../lib/errors.ts";
import { askAccount } from "../accounts/find.ts";
import type { UserCtx } from "../context.ts";
import type { SyncResponse, TaskResponse } from "./responses.ts";
import type { SyncStart } from "./schemas.ts";

/** Asks for a sync. While one of the same scope runs, its task is returned. @throws ServiceError as `askAccount` */
export async function startSync(ctx: UserCtx, accountId: string, scope: SyncStart): Promise<SyncResponse> {
  const { task } = await askAccount(ctx, accountId, (mailbox, owner) => mailbox.sync(owner, scope));
  const { taskId, status } = task;
  return {
    taskId,
    status: status === "pending" ? "pending" : "started",
    message: "Sync started in background",
  };
}

/** An account's id and the task's own. */
const TASK_ID = /^(c[0-9a-z]{24})-/;

/** @throws ServiceError not_found also for a task older than a day; as `askAccount` */
export async function getTask(ctx: UserCtx, taskId: string): Promise<TaskResponse> {
  const accountId = TASK_ID.exec(taskId)?.[1];
  if (accountId === undefined) throw notFound("Task");
  const { task } = await askAccount(ctx, accountId, (mailbox, owner) => mailbox.task(owner, taskId));
  const { status, progress, result, error, code } = task;
  return {
    taskId,
    status,
    progress,
    ...(result === null ? {} : { result }),
    ...(error === null ? {} : { error }),
    ...(code === null ? {} : { code }),
  };
}
