import { rowOf } from "../../platform/rows.ts";
import { ask } from "./ask.ts";
import { beginDelivery, endDelivery, settle } from "./ledger.ts";
import { randomIdOf } from "./random-id.ts";
import { mailingOf, mediaOf, POSTABLE, type RunRow } from "./rows.ts";
import { accountObject, type RunMemory, type Scheduler } from "./state.ts";
import { type Answer, judge, RETRY_WITHIN_MS, type Verdict } from "./verdict.ts";

/** How long an answer is waited for, in milliseconds: a file may have to be uploaded first. */
const TEXT_MS = 90_000;
const MEDIA_MS = 10 * 60_000;

/** A post that is to be made. */
export interface Task {
  run: RunRow;
  group: number;
  phone: number;
  /** The groups that the account has to post to after it. */
  waiting: number[];
  /** When the run is cut. */
  cutAt: number;
  memory: RunMemory;
}

interface Sending extends Record<string, SqlStorageValue> {
  tried_at: number;
}

/**
 * Makes a post, or finds out what became of it, and does what the answer means.
 * @returns the verdict; null if the account was not asked, as nothing is to be posted any more
 */
export async function deliver(scheduler: Scheduler, task: Task): Promise<Verdict | null> {
  const { run, group, phone, memory, waiting, cutAt } = task;
  const randomId = await randomIdOf(mailingOf(scheduler).seed, run.id, group);
  const sending = sendingOf(scheduler, run, group);
  const target = targetOf(scheduler, group, phone);
  if (!target || isTooOld(sending)) {
    if (sending) endDelivery(scheduler, run, group, { state: "unknown", reason: "no_answer" });
    return null;
  }
  const account = accountObject(scheduler, phone);
  if (account && !sending) beginDelivery(scheduler, run, group, phone);
  const triedAt = sending?.tried_at ?? Date.now();
  const media = mediaOf(run.media);
  const post = { ...target, randomId, text: run.text, media, triedAt: sending ? triedAt : null };
  const answer = await ask(scheduler, account, media ? MEDIA_MS : TEXT_MS, (object, caller) =>
    object.send(caller, post),
  );
  const verdict = judge(answer, {
    now: Date.now(),
    cutAt,
    triedAt,
    lost: Math.max(memory.groups.get(group)?.lost ?? 0, sending ? 1 : 0),
    failures: memory.accounts.get(phone)?.failures ?? 0,
    chance: Math.random(),
    ...situationOf(scheduler, task, answer),
  });
  const isLost = sending !== undefined || isUnanswered(answer);
  settle(scheduler, run, { group, phone, isLost, waiting }, verdict);
  remember(memory, task, answer, verdict);
  return verdict;
}

const isUnanswered = (answer: Answer): boolean =>
  !answer.ok && (answer.code === "unknown" || answer.code === "lost");

const isTooOld = (sending: Sending | undefined): boolean =>
  sending !== undefined && Date.now() - sending.tried_at >= RETRY_WITHIN_MS;

/** The post if it was tried before, and nobody knows what became of it. */
const sendingOf = (scheduler: Scheduler, run: RunRow, group: number): Sending | undefined =>
  rowOf<Sending>(
    scheduler,
    "SELECT tried_at FROM deliveries WHERE run_id = ? AND group_id = ? AND state = 'sending'",
    ...[run.id, group],
  );

/** Where the post goes; undefined if the group is out, excluded or blocked by now, or the account has left. */
function targetOf(scheduler: Scheduler, group: number, phone: number) {
  const row = rowOf<{ peer: number; access_hash: string | null }>(
    scheduler,
    `SELECT g.peer, m.access_hash FROM groups g JOIN memberships m ON m.group_id = g.id AND m.phone = ?
     WHERE g.id = ? AND ${POSTABLE}`,
    ...[phone, group],
  );
  return row && { peer: row.peer, accessHash: row.access_hash };
}

function situationOf(scheduler: Scheduler, { run, group, phone }: Task, answer: Answer) {
  const row = rowOf<{ refusals: number | null; limited_at: number | null }>(
    scheduler,
    `SELECT (SELECT refusals FROM groups WHERE id = ?) AS refusals,
       (SELECT limited_at FROM accounts WHERE phone = ?) AS limited_at`,
    ...[group, phone],
  );
  const isBan = !answer.ok && answer.code === "banned";
  return {
    refusals: row?.refusals ?? 0,
    limitedAt: row?.limited_at ?? null,
    // Limit: this reads every group of the run, so it is not asked at each post.
    bans: isBan ? countBans(scheduler, run, phone) : 0,
  };
}

const countBans = (scheduler: Scheduler, run: RunRow, phone: number): number =>
  rowOf<{ count: number }>(
    scheduler,
    "SELECT count(*) AS count FROM deliveries WHERE run_id = ? AND phone = ? AND reason = 'banned'",
    ...[run.id, phone],
  )?.count ?? 0;

/** Notes when the group and the account may be tried again. */
function remember(memory: RunMemory, { group, phone }: Task, answer: Answer, verdict: Verdict): void {
  const { delivery, restsUntil = 0 } = verdict;
  const lost = (memory.groups.get(group)?.lost ?? 0) + (isUnanswered(answer) ? 1 : 0);
  if (delivery.state === "again") memory.groups.set(group, { after: delivery.after, lost });
  else memory.groups.delete(group);
  const isFailure = isUnanswered(answer) || restsUntil > 0;
  const failures = isFailure ? (memory.accounts.get(phone)?.failures ?? 0) + 1 : 0;
  memory.accounts.set(phone, { readyAt: restsUntil, failures });
}
