import { startAll } from "../../lib/concurrency.ts";
import { log } from "../../platform/log.ts";
import { rowOf, rowsOf } from "../../platform/rows.ts";
import { markSignedOut } from "./accounts.ts";
import { ask } from "./ask.ts";
import { refreshBlocked } from "./blocked.ts";
import { mergeGroups } from "./merge.ts";
import { accountObject, type Scheduler } from "./state.ts";

/** Between two syncs but for those after a sign-in. Anything that follows links may ask for one, since it is a GET. */
const APART_MS = 60_000;

/** How long one account is waited for. Telegram may want pauses between the pages of its chats. */
const ANSWER_MS = 5 * 60_000;

/** When a sync that did not end, as its object died, is begun again. */
const REPEAT_MS = 10 * 60_000;

/** Before a further try if an account cannot be reached. It doubles with each. */
const RETRY_MS = 60_000;
const MOST_TRIES = 6;

/** Of accounts that are asked at the same time. */
const AT_A_TIME = 3;

/** Looks the groups of all accounts up in the background: now, or a minute after the last time. */
export async function requestSync(scheduler: Scheduler): Promise<void> {
  queueNextSync(scheduler);
  await startSync(scheduler);
}

/** Notes that the groups are to be looked up: now, or a minute after the last time. */
export function queueNextSync(scheduler: Scheduler): void {
  const last = rowOf<{ at: number | null }>(scheduler, "SELECT synced_at AS at FROM mailing")?.at ?? 0;
  queueSync(scheduler, Math.max(Date.now(), last + APART_MS));
}

/** Notes that the groups are to be looked up by a time. `startSync`, or the alarm, does it. */
export const queueSync = (scheduler: Scheduler, at: number): void =>
  void scheduler.sql.exec(
    "UPDATE mailing SET sync_due_at = ?1, sync_tries = 0 WHERE sync_due_at IS NULL OR sync_due_at > ?1",
    at,
  );

/** Starts a sync that is due, and sets the alarm for one that is due later. */
export async function startSync(scheduler: Scheduler): Promise<void> {
  const due = syncsAt(scheduler);
  if (due !== null && due <= Date.now()) await runSync(scheduler);
  await scheduler.wake();
}

/** When the next sync is due, in milliseconds since the epoch. While one runs it tells of none, until that one ends. */
export const syncsAt = ({ running, ...scheduler }: Scheduler): number | null =>
  running.sync
    ? Date.now() + REPEAT_MS
    : (rowOf<{ at: number | null }>(scheduler, "SELECT sync_due_at AS at FROM mailing")?.at ?? null);

/** Starts a sync, unless one runs. It goes on in the background: an alarm that waited for it would keep runs from starting. */
export async function runSync(scheduler: Scheduler): Promise<void> {
  if (scheduler.running.sync) return;
  const work = sync(scheduler)
    .catch((error: unknown) => log("error", "telegram.sync_failed", { user: scheduler.user, error }))
    .then(() => {
      delete scheduler.running.sync;
      return scheduler.wake();
    });
  scheduler.running.sync = work;
  scheduler.ctx.defer(work);
}

async function sync(scheduler: Scheduler): Promise<void> {
  const began = Date.now();
  const repeatAt = began + REPEAT_MS;
  const [row] = rowsOf<{ tries: number }>(
    scheduler,
    "UPDATE mailing SET sync_due_at = ?, synced_at = ?, sync_tries = sync_tries + 1 RETURNING sync_tries AS tries",
    ...[repeatAt, began],
  );
  const tries = row?.tries ?? 1;
  // Without the last check, a sync that kills the object would do so for ever.
  const waits = tries > MOST_TRIES ? [] : await syncAccounts(scheduler, RETRY_MS * 2 ** (tries - 1));
  const isOver = waits.length === 0 || tries >= MOST_TRIES;
  // A sync that was asked for meanwhile has an earlier time, and stays due.
  scheduler.sql.exec(
    "UPDATE mailing SET sync_due_at = ?, sync_tries = ? WHERE sync_due_at = ?",
    ...[isOver ? null : Date.now() + Math.max(...waits), isOver ? 0 : tries, repeatAt],
  );
}

/** @returns in how many milliseconds each account that could not be read is to be read again */
async function syncAccounts(scheduler: Scheduler, wait: number): Promise<number[]> {
  const accounts = rowsOf<{ phone: number }>(
    scheduler,
    "SELECT phone FROM accounts WHERE state IN ('active', 'paused')",
  );
  const tasks = accounts.map(
    ({ phone }) =>
      () =>
        syncAccount(scheduler, phone, wait),
  );
  const done = await Promise.allSettled(startAll(tasks, AT_A_TIME));
  await refreshBlocked(scheduler);
  return done.flatMap((each) => {
    if (each.status === "fulfilled") return each.value ?? [];
    log("error", "telegram.sync_failed", { user: scheduler.user, error: each.reason });
    return wait;
  });
}

/** @returns in how many milliseconds the account is to be read again; null if it need not */
async function syncAccount(scheduler: Scheduler, phone: number, wait: number): Promise<number | null> {
  const account = accountObject(scheduler, phone);
  const outcome = await ask(scheduler, account, ANSWER_MS, (object, caller) => object.groups(caller));
  if (outcome.ok) {
    mergeGroups(scheduler, phone, outcome.groups);
    return null;
  }
  if (outcome.code === "signed_out" || outcome.code === "not_found") {
    markSignedOut(scheduler, phone, outcome.reason);
    return null;
  }
  return outcome.code === "flood_wait" ? ((outcome.seconds ?? 0) + 1) * 1000 : wait;
}
