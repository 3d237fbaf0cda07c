import { rowOf } from "../../platform/rows.ts";
import type { MailboxContext } from "../context.ts";
import type { Task } from "../contract.ts";
import { MailError, notFound } from "../errors.ts";
import { accountOf } from "../store/account.ts";
import { addTask, runningSync } from "../tasks.ts";
import { scopeOf } from "./progress.ts";

/**
 * Asks for a sync, which begins at once. While one of the same scope runs, its task is returned.
 * @param scope.force compares every message, whatever the server says has changed
 * @param scope.folders ids; none for all
 * @throws MailError NOT_FOUND for an unknown folder; AUTHENTICATION_FAILED, CONFLICT for an account that is not synced
 */
export async function requestSync(
  ctx: MailboxContext,
  scope: { force: boolean; folders: string[] },
): Promise<Task> {
  const account = accountOf(ctx);
  if (account.state === "closed" || !account.settings.isEnabled)
    throw new MailError("CONFLICT", "The account is switched off");
  if (account.state === "auth_failed")
    throw new MailError(
      "AUTHENTICATION_FAILED",
      "The login was refused. It is tried again when the settings change",
    );
  for (const folderId of scope.folders) {
    if (!rowOf(ctx, "SELECT 1 AS found FROM folders WHERE id = ?", folderId)) throw notFound("Folder");
  }
  const task = ctx.storage.transactionSync(() => {
    // The next try is now. The waits after it grow as before.
    if (account.failures > 0 && account.refusedLogins === 0)
      ctx.sql.exec("UPDATE account SET next_sync_at = ?", Date.now());
    return runningSync(ctx, scopeOf(scope)) ?? addTask(ctx, account.accountId, "sync", scopeOf(scope));
  });
  await ctx.wake();
  return task;
}
