import { log } from "../../platform/log.ts";
import type { MailboxContext } from "../context.ts";
import { MailError } from "../errors.ts";
import { capabilitiesOf } from "../imap/client.ts";
import { withImap } from "../imap/session.ts";
import { withPop } from "../pop3/session.ts";
import { type Account, accountOf, findAccount } from "../store/account.ts";
import { noteFailure, noteLogin, noteSuccess } from "../store/outcomes.ts";
import { nextOp } from "../store/pending.ts";
import { noteTask } from "../tasks.ts";
import { syncImap } from "./imap-pass.ts";
import { syncPop } from "./pop-pass.ts";
import { Progress, runningSyncs, type SyncTask } from "./progress.ts";

/** A sync that somebody asked for is tried so often. */
const MAX_TRIES = 3;

/** What another try does not change. */
const FINAL = new Set<MailError["code"]>([
  "AUTHENTICATION_FAILED",
  "TLS_UNTRUSTED",
  "KEYS_MISSING",
  "OAUTH_UNAVAILABLE",
]);

/** When the next pass is due: by the interval, for a change of ours, or because somebody asked. */
export function nextPass(ctx: MailboxContext): number | null {
  const account = findAccount(ctx);
  if (!account || ["closed", "disabled", "auth_failed"].includes(account.state)) return null;
  if (!account.settings.isEnabled) return null;
  // After a failure nothing comes before the next try.
  if (account.failures > 0 || account.refusedLogins > 0) return account.nextSyncAt;
  const asked = runningSyncs(ctx)[0]?.createdAt ?? null;
  const times = [account.nextSyncAt, nextOp(ctx), asked].filter((time) => time !== null);
  return times.length === 0 ? null : Math.min(...times);
}

/** Works on the sync for one wake-up, and plans the next. A failure is noted in the account, and in who asked. */
export async function runPass(ctx: MailboxContext): Promise<void> {
  const account = accountOf(ctx);
  const tasks = runningSyncs(ctx);
  for (const { id } of tasks) noteTask(ctx, id, { status: "started" });
  try {
    await work(ctx, account, tasks);
  } catch (error) {
    const failure = error instanceof MailError ? error : unexpected(error);
    const tries = account.failures + account.refusedLogins + 1;
    const isOver = FINAL.has(failure.code) || tries >= MAX_TRIES;
    for (const { id } of tasks)
      noteTask(ctx, id, {
        status: isOver ? "failure" : "retry",
        error: failure.message,
        code: failure.code,
      });
    await noteFailure(ctx, account, failure);
  }
}

async function work(ctx: MailboxContext, account: Account, tasks: SyncTask[]): Promise<void> {
  // An account that syncs on request alone only shows whether its login works, after its settings have changed.
  if (!account.settings.isSyncEnabled && tasks.length === 0 && nextOp(ctx) === null) {
    return noteLogin(ctx, account, await logIn(ctx, account));
  }
  const progress = new Progress(ctx, tasks);
  const isAll = tasks.length === 0 || isDue(account) || tasks.some(({ folders }) => folders.length === 0);
  const end =
    account.settings.protocol === "pop3"
      ? await syncPop(ctx, progress)
      : await withImap(ctx, "sync", (client) => syncImap(ctx, client, progress, { tasks, isAll }));
  ctx.storage.transactionSync(() => {
    if (end.isComplete) progress.succeed(end.folders);
  });
  // After a look at some folders alone, the next pass over all of them stays where it was.
  if (isAll) await noteSuccess(ctx, account, end);
}

/** @returns what the server can do */
const logIn = (ctx: MailboxContext, { settings }: Account): Promise<string[]> =>
  settings.protocol === "pop3"
    ? withPop(ctx, async ({ capabilities }) => capabilities)
    : withImap(ctx, "sync", async (client) => capabilitiesOf(client));

const isDue = ({ nextSyncAt }: Account): boolean => nextSyncAt !== null && nextSyncAt <= Date.now();

/** A fault of ours: the mailbox tries again later, rather than at once and for ever. */
function unexpected(error: unknown): MailError {
  log("error", "sync.failed", { error });
  return new MailError("CONNECTION_FAILED", "The sync failed, and is tried again");
}
