import type { Outcome, SendCode } from "../../telegram-account/contract.ts";

/** What an account says to a post. `lost`: nothing. Then it may have been posted, as with `unknown`. */
export type Answer = Outcome<{ messageId: number | null }, SendCode | "lost">;

/** What is known when an answer comes. Times are in milliseconds since the epoch. */
export interface Situation {
  now: number;
  /** When the run is cut. */
  cutAt: number;
  triedAt: number;
  /** Earlier tries of this post that may have posted it. */
  lost: number;
  /** Refusals of the group in a row, before this one. */
  refusals: number;
  /** Groups of this run that the account is banned from, before this one. */
  bans: number;
  /** When Telegram last limited the account. */
  limitedAt: number | null;
  /** Calls of the account in a row that came to nothing, before this one. */
  failures: number;
  /** From 0 to 1. */
  chance: number;
}

/** What is done about an answer. */
export interface Verdict {
  delivery: Ending | { state: "again"; after: number };
  group?: { refusals: number; outReason: string | null } | "posted";
  account?:
    | { is: "waiting"; until: number }
    | { is: "paused"; until: number | null }
    | { is: "signed_out"; reason: string };
  /** The account has answered nothing of use: it rests until then. */
  restsUntil?: number;
  /** True if nobody can post this content. */
  isContentBad?: boolean;
  /** True if the groups are to be looked up again. */
  isSyncDue?: boolean;
}

export type Ending =
  | { state: "sent"; messageId: number | null }
  | { state: "skipped" | "failed" | "unknown"; reason: string };

/** How long a post may be tried again after its first try: then nobody can tell any more what became of it. */
export const RETRY_WITHIN_MS = 10 * 60_000;
/** How often a post may be tried whose answers are lost. */
const MAX_TRIES = 6;
const FIRST_REST_MS = 15_000;
const LONGEST_REST_MS = 240_000;
/** Bans of one run from which on the account counts as limited. */
const MAX_BANS = 3;
/** Refusals in a row from which on a group is out. */
const MAX_REFUSALS = 3;
const DAY_MS = 24 * 3600_000;
/** Within it a second limit pauses the account until its user resumes it. */
const LIMITS_APART_MS = 7 * DAY_MS;
/** In seconds, where Telegram names no time. */
const USUAL_WAIT = 60;

/** Decides what an answer to a post means for the post, the group, the account and the mailing. */
export function judge(answer: Answer, situation: Situation): Verdict {
  const { now, cutAt, chance, refusals } = situation;
  if (answer.ok) return { delivery: { state: "sent", messageId: answer.messageId }, group: "posted" };
  const { code, reason, seconds = USUAL_WAIT } = answer;
  switch (code) {
    case "flood_wait": {
      const until = now + seconds * 1000 + 1000 + Math.round(chance * 4000);
      return { delivery: again(until), account: { is: "waiting", until } };
    }
    case "slow_mode": {
      const after = now + seconds * 1000 + 1000;
      return { delivery: after < cutAt ? again(after) : skip(situation, "slow_mode") };
    }
    case "unavailable":
      return { delivery: again(now), restsUntil: now + restOf(situation.failures) };
    case "peer_flood":
      return { delivery: skip(situation, "account_limited"), account: limit(situation) };
    case "banned": {
      const isLimit = situation.bans + 1 >= MAX_BANS;
      const account = isLimit ? { account: limit(situation) } : {};
      return { delivery: skip(situation, "banned"), group: out(refusals, "banned"), ...account };
    }
    case "forbidden": {
      const isOut = refusals + 1 >= MAX_REFUSALS;
      return { delivery: skip(situation, reason), group: out(refusals, isOut ? reason : null) };
    }
    case "gone":
      return { delivery: skip(situation, "gone"), group: out(refusals, "gone"), isSyncDue: true };
    case "paid":
      return { delivery: skip(situation, "paid"), group: out(refusals, "paid") };
    case "signed_out":
    case "not_found": {
      const delivery = situation.lost > 0 ? skip(situation, code) : again(now);
      return { delivery, account: { is: "signed_out", reason } };
    }
    case "unknown":
    case "lost":
      return lost(situation);
    case "content":
      return { delivery: end(situation, "failed", reason), isContentBad: true };
  }
}

/** The answer is lost: the account looks for the post before it posts again. */
function lost(situation: Situation): Verdict {
  const { now, triedAt, lost, failures } = situation;
  const rest = restOf(lost);
  const isLast = lost + 1 >= MAX_TRIES || now + rest - triedAt >= RETRY_WITHIN_MS;
  return {
    delivery: isLast ? { state: "unknown", reason: "no_answer" } : again(now + rest),
    // One lost answer may be this group's. Of more the account may be the cause.
    ...(failures > 0 ? { restsUntil: now + restOf(failures) } : {}),
  };
}

/** Where an earlier try may have posted, a refusal of a later one does not prove that nothing was. */
function end({ lost }: Situation, state: "skipped" | "failed", reason: string): Ending {
  return lost > 0 ? { state: "unknown", reason } : { state, reason };
}

const skip = (situation: Situation, reason: string): Ending => end(situation, "skipped", reason);

const again = (after: number) => ({ state: "again" as const, after });

const out = (refusals: number, outReason: string | null) => ({ refusals: refusals + 1, outReason });

function limit({ now, limitedAt }: Situation) {
  const isSecond = limitedAt !== null && now - limitedAt < LIMITS_APART_MS;
  return { is: "paused" as const, until: isSecond ? null : now + DAY_MS };
}

const restOf = (failures: number): number => Math.min(FIRST_REST_MS * 2 ** failures, LONGEST_REST_MS);
