import { rowOf, rowsOf } from "../../platform/rows.ts";
import { cutAt } from "./arithmetic.ts";
import { deliver } from "./deliver.ts";
import { endDelivery, endRun, skipGroups } from "./ledger.ts";
import { type Candidate, plan } from "./plan.ts";
import { endPauses, type MailingRow, mailingOf, POSTABLE, type RunRow, timetableOfRow } from "./rows.ts";
import type { RunMemory, Scheduler } from "./state.ts";

/** A longer wait is left to the alarm, so that the object need not stay awake. In milliseconds. */
const LONGEST_SLEEP_MS = 10_000;

/** The time in which the accounts of a run post side by side. */
interface Stretch {
  run: RunRow;
  memory: RunMemory;
  /** When the slice is over. */
  until: number;
  /** Set when the groups are to be given out again. */
  isOver: boolean;
}

/** Why a run may not go on: `late` once it is cut, or why the mailing has stopped; null if it may. */
export function whyOver(run: RunRow, mailing: MailingRow, now: number): string | null {
  const timetable = timetableOfRow(mailing);
  if (!timetable || mailing.started_at !== run.started_at) return "stopped";
  if (!mailing.is_active) return mailing.stop_reason === "user" ? "stopped" : mailing.stop_reason;
  return now >= cutAt(timetable, run.number) ? "late" : null;
}

/**
 * Posts to the groups of a run until it is over, or until the slice is.
 * @returns true if the run has ended; false if the alarm has to go on with it
 */
export async function postRun(scheduler: Scheduler, run: RunRow, until: number): Promise<boolean> {
  const memory = memoryOf(scheduler, run);
  for (;;) {
    endPauses(scheduler);
    const reason = whyOver(run, mailingOf(scheduler), Date.now());
    const queues = reason ? new Map<number, number[]>() : shareOut(scheduler, run);
    if (queues.size === 0) {
      endRun(scheduler, run, reason);
      delete scheduler.running.memory;
      return true;
    }
    memory.restsUntil = earliest(scheduler, memory, queues);
    if (isFar(memory.restsUntil, until)) return false;
    await postSideBySide(scheduler, { run, memory, until, isOver: false }, queues);
  }
}

function memoryOf({ running }: Scheduler, run: RunRow): RunMemory {
  const known = running.memory;
  if (known?.run === run.id) return known;
  running.memory = { run: run.id, restsUntil: 0, groups: new Map(), accounts: new Map() };
  return running.memory;
}

const isFar = (at: number, until: number): boolean =>
  Date.now() >= until || at > Math.min(Date.now() + LONGEST_SLEEP_MS, until);

/** Posts with each account at the same time. A failure of one ends the stretch of all, and is thrown after it. */
async function postSideBySide(scheduler: Scheduler, stretch: Stretch, queues: Map<number, number[]>) {
  const ends = await Promise.allSettled(
    [...queues].map(([phone, queue]) =>
      postWith(scheduler, stretch, phone, queue).catch((error: unknown) => {
        stretch.isOver = true;
        throw error;
      }),
    ),
  );
  for (const end of ends) if (end.status === "rejected") throw end.reason;
}

/** Posts with one account, group by group, each when its time and the account's have come. */
async function postWith(scheduler: Scheduler, stretch: Stretch, phone: number, queue: number[]) {
  const { run, memory, until } = stretch;
  for (let left = queue; left.length > 0 && !stretch.isOver; ) {
    const group = nextOf(memory, left);
    const at = readyAt(scheduler, memory, phone, group);
    if (isFar(at, until)) return;
    if (at > Date.now()) await sleep(at - Date.now());
    const mailing = mailingOf(scheduler);
    const timetable = timetableOfRow(mailing);
    if (stretch.isOver || !timetable || whyOver(run, mailing, Date.now())) break;
    const waiting = left.filter((each) => each !== group);
    const task = { run, group, phone, waiting, cutAt: cutAt(timetable, run.number), memory };
    const verdict = await deliver(scheduler, task);
    if (verdict) keepPace(scheduler, memory, phone);
    left = verdict?.delivery.state === "again" ? [...waiting, group] : waiting;
    if (verdict?.account || verdict?.isContentBad) break;
  }
  // The others go on with what they have, unless this account leaves groups to them.
  if (queue.length > 0 && !isActive(scheduler, phone)) stretch.isOver = true;
}

const isActive = (scheduler: Scheduler, phone: number): boolean =>
  rowOf(scheduler, "SELECT 1 FROM accounts WHERE phone = ? AND state = 'active'", phone) !== undefined;

const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** The group that may be tried first. */
const nextOf = ({ groups }: RunMemory, queue: number[]): number =>
  queue.reduce((best, each) =>
    (groups.get(each)?.after ?? 0) < (groups.get(best)?.after ?? 0) ? each : best,
  );

const readyAt = (scheduler: Scheduler, memory: RunMemory, phone: number, group: number): number =>
  Math.max(accountReadyAt(scheduler, memory, phone), memory.groups.get(group)?.after ?? 0);

const earliest = (scheduler: Scheduler, memory: RunMemory, queues: Map<number, number[]>): number =>
  Math.min(...[...queues].map(([phone, queue]) => readyAt(scheduler, memory, phone, nextOf(memory, queue))));

/** When an account may post: after Telegram's wait, and at a distance from its last post, also if a death lies between. */
function accountReadyAt(scheduler: Scheduler, memory: RunMemory, phone: number): number {
  const waitsUntil =
    rowOf<{ at: number | null }>(scheduler, "SELECT waits_until AS at FROM accounts WHERE phone = ?", phone)
      ?.at ?? 0;
  const known = memory.accounts.get(phone);
  if (known) return Math.max(waitsUntil, known.readyAt);
  const last = rowOf<{ at: number | null }>(
    scheduler,
    `SELECT max(tried_at) AS at FROM deliveries WHERE phone = ?
     AND run_id >= (SELECT coalesce(max(id), 0) FROM runs WHERE began_at IS NOT NULL AND id < ?)`,
    ...[phone, memory.run],
  )?.at;
  const paced = last ? last + paceOf(scheduler) : 0;
  memory.accounts.set(phone, { readyAt: paced, failures: 0 });
  return Math.max(waitsUntil, paced);
}

function keepPace(scheduler: Scheduler, { accounts }: RunMemory, phone: number): void {
  const { readyAt = 0, failures = 0 } = accounts.get(phone) ?? {};
  accounts.set(phone, { readyAt: Math.max(readyAt, Date.now() + paceOf(scheduler)), failures });
}

function paceOf({ ctx }: Scheduler): number {
  const [least, most] = ctx.config.TELEGRAM_PACE;
  return least + Math.round(Math.random() * (most - least));
}

interface Tried extends Record<string, SqlStorageValue> {
  group_id: number;
  phone: number | null;
  state: string;
}

interface Membership extends Record<string, SqlStorageValue> {
  id: number;
  last_posted_at: number | null;
  phone: number;
  state: "active" | "paused";
}

/**
 * Gives out the groups that still wait. What a dead object was sending stays with its account. Groups of an account that
 * Telegram limits are skipped: no other account gets round the limit.
 * @returns the groups of each account that may post; none once all are done
 */
function shareOut(scheduler: Scheduler, run: RunRow): Map<number, number[]> {
  const tried = rowsOf<Tried>(
    scheduler,
    "SELECT group_id, phone, state FROM outcomes WHERE run_id = ?",
    run.id,
  );
  const memberships = rowsOf<Membership>(
    scheduler,
    `SELECT g.id, g.last_posted_at, m.phone, a.state FROM groups g
     JOIN memberships m ON m.group_id = g.id JOIN accounts a ON a.phone = m.phone
     WHERE a.state IN ('active', 'paused') AND ${POSTABLE}`,
  );
  const active = new Set(memberships.flatMap(({ phone, state }) => (state === "active" ? [phone] : [])));
  const queues = new Map<number, number[]>();
  const loads = new Map<number, number>();
  for (const { group_id, phone, state } of tried) {
    if (phone === null) continue;
    loads.set(phone, (loads.get(phone) ?? 0) + 1);
    if (state !== "sending") continue;
    if (active.has(phone)) queues.set(phone, [...(queues.get(phone) ?? []), group_id]);
    else endDelivery(scheduler, run, group_id, { state: "unknown", reason: "no_answer" });
  }
  const known = new Set(tried.map(({ group_id }) => group_id));
  const holders = holdersOf(scheduler, run);
  const waiting = candidatesOf(memberships.filter(({ id }) => !known.has(id))).map((group) => {
    const holder = group.phones.find((phone) => phone === holders.get(group.id));
    return holder === undefined ? group : { ...group, phones: [holder] };
  });
  for (const [phone, groups] of plan(waiting, loads)) {
    const ids = groups.map(({ id }) => id);
    if (active.has(phone)) queues.set(phone, [...(queues.get(phone) ?? []), ...ids]);
    else skipGroups(scheduler, run, ids, phone, "account_limited");
  }
  return queues;
}

/** The paused accounts, by the groups that each had in the run before. A group stays with its account until the pause ends. */
function holdersOf(scheduler: Scheduler, run: RunRow): Map<number, number> {
  const held = rowsOf<{ id: number; phone: number }>(
    scheduler,
    `SELECT d.group_id AS id, d.phone FROM outcomes d JOIN accounts a ON a.phone = d.phone AND a.state = 'paused'
     WHERE d.run_id = (SELECT max(id) FROM runs WHERE began_at IS NOT NULL AND id < ?)`,
    run.id,
  );
  return new Map(held.map(({ id, phone }) => [id, phone]));
}

function candidatesOf(memberships: Membership[]): Candidate[] {
  const candidates = new Map<number, Candidate>();
  for (const { id, last_posted_at, phone } of memberships) {
    const known = candidates.get(id);
    if (known) known.phones.push(phone);
    else candidates.set(id, { id, lastPostedAt: last_posted_at, phones: [phone] });
  }
  return [...candidates.values()];
}
