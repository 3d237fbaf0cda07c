import { describe, expect, it } from "vitest";
import { type Answer, judge, type Situation } from "../../src/telegram/scheduler/verdict.ts";
import type { SendCode } from "../../src/telegram-account/contract.ts";

const NOW = 1_738_231_200_000;
const SECOND = 1000;
const DAY = 86_400 * SECOND;

const usual: Situation = {
  now: NOW,
  cutAt: NOW + 1800 * SECOND,
  triedAt: NOW,
  lost: 0,
  refusals: 0,
  bans: 0,
  limitedAt: null,
  failures: 0,
  chance: 0.5,
};

const refusal = (code: SendCode | "lost", seconds?: number): Answer => ({
  ...{ ok: false, code, reason: `telegram_${code}` },
  ...(seconds === undefined ? {} : { seconds }),
});

const judged = (answer: Answer, situation: Partial<Situation> = {}) =>
  judge(answer, { ...usual, ...situation });

describe("a first try", () => {
  const skipped = (reason: string) => ({ state: "skipped", reason });
  const out = (outReason: string | null) => ({ refusals: 1, outReason });
  const paused = { is: "paused", until: NOW + DAY };
  const TABLE: [string, Answer, Partial<Situation>, object][] = [
    [
      "a post",
      { ok: true, messageId: 7 },
      {},
      { delivery: { state: "sent", messageId: 7 }, group: "posted" },
    ],
    [
      "flood_wait lets the account sleep for n + 3 s, and the group wait",
      refusal("flood_wait", 30),
      {},
      {
        delivery: { state: "again", after: NOW + 33 * SECOND },
        account: { is: "waiting", until: NOW + 33 * SECOND },
      },
    ],
    [
      "peer_flood pauses the account for a day",
      refusal("peer_flood"),
      {},
      { delivery: skipped("account_limited"), account: paused },
    ],
    [
      "peer_flood eight days after another, too",
      refusal("peer_flood"),
      { limitedAt: NOW - 8 * DAY },
      { delivery: skipped("account_limited"), account: paused },
    ],
    [
      "peer_flood within seven days of another pauses it until its user resumes it",
      refusal("peer_flood"),
      { limitedAt: NOW - 6 * DAY },
      { delivery: skipped("account_limited"), account: { is: "paused", until: null } },
    ],
    [
      "slow_mode that ends within the run lets the group wait",
      refusal("slow_mode", 60),
      {},
      { delivery: { state: "again", after: NOW + 61 * SECOND } },
    ],
    [
      "slow_mode that does not is skipped",
      refusal("slow_mode", 1800),
      {},
      { delivery: skipped("slow_mode") },
    ],
    [
      "a refusal is skipped with Telegram's reason",
      refusal("forbidden"),
      {},
      { delivery: skipped("telegram_forbidden"), group: out(null) },
    ],
    [
      "the third refusal in a row puts the group out",
      refusal("forbidden"),
      { refusals: 2 },
      { delivery: skipped("telegram_forbidden"), group: { refusals: 3, outReason: "telegram_forbidden" } },
    ],
    [
      "a ban puts the group out",
      refusal("banned"),
      { bans: 1 },
      { delivery: skipped("banned"), group: out("banned") },
    ],
    [
      "the third ban of a run pauses the account, too",
      refusal("banned"),
      { bans: 2 },
      { delivery: skipped("banned"), group: out("banned"), account: paused },
    ],
    [
      "a group that is gone is out, and the groups are looked up",
      refusal("gone"),
      {},
      { delivery: skipped("gone"), group: out("gone"), isSyncDue: true },
    ],
    ["a paid group is out", refusal("paid"), {}, { delivery: skipped("paid"), group: out("paid") }],
    [
      "signed_out leaves the group to others",
      refusal("signed_out"),
      {},
      {
        delivery: { state: "again", after: NOW },
        account: { is: "signed_out", reason: "telegram_signed_out" },
      },
    ],
    [
      "an account of somebody else counts as signed out",
      refusal("not_found"),
      {},
      {
        delivery: { state: "again", after: NOW },
        account: { is: "signed_out", reason: "telegram_not_found" },
      },
    ],
    [
      "bad content fails, and ends the mailing",
      refusal("content"),
      {},
      { delivery: { state: "failed", reason: "telegram_content" }, isContentBad: true },
    ],
    [
      "unavailable is tried again, once the account has rested",
      refusal("unavailable"),
      {},
      { delivery: { state: "again", after: NOW }, restsUntil: NOW + 15 * SECOND },
    ],
    [
      "unavailable again and again rests longer, up to four minutes",
      refusal("unavailable"),
      { failures: 9 },
      { delivery: { state: "again", after: NOW }, restsUntil: NOW + 240 * SECOND },
    ],
    [
      "an unknown end is looked up 15 seconds later",
      refusal("unknown"),
      {},
      { delivery: { state: "again", after: NOW + 15 * SECOND } },
    ],
    [
      "no answer at all is, too",
      refusal("lost"),
      {},
      { delivery: { state: "again", after: NOW + 15 * SECOND } },
    ],
    [
      "the second lost answer in a row lets the account rest",
      refusal("lost"),
      { failures: 1 },
      { delivery: { state: "again", after: NOW + 15 * SECOND }, restsUntil: NOW + 30 * SECOND },
    ],
  ];

  it.each(TABLE)("%s", (_name, answer, situation, verdict) => {
    expect(judged(answer, situation)).toEqual(verdict);
  });

  it("the table has every code", () => {
    const codes: Record<SendCode | "lost", true> = {
      ...{ flood_wait: true, peer_flood: true, slow_mode: true, forbidden: true, banned: true, gone: true },
      ...{ paid: true, signed_out: true, content: true, unavailable: true, unknown: true, not_found: true },
      lost: true,
    };
    const tried = new Set(TABLE.flatMap(([, answer]) => (answer.ok ? [] : [answer.code])));
    expect([...tried].sort()).toEqual(Object.keys(codes).sort());
  });
});

describe("a further try, after one that may have posted", () => {
  const lost = { lost: 1, triedAt: NOW - 15 * SECOND };

  it.each([
    ...["peer_flood", "forbidden", "banned", "gone", "paid", "signed_out", "not_found", "content"].map(
      (code) => [code, {}] as const,
    ),
    ["slow_mode", { cutAt: NOW + SECOND }],
  ] as const)("that ends with %s has an unknown end: nobody else may post", (code, situation) => {
    const { delivery } = judged(refusal(code as SendCode), { ...lost, ...situation });
    expect(delivery.state).toBe("unknown");
  });

  it("that posts, or finds the post, is sent", () => {
    expect(judged({ ok: true, messageId: 7 }, lost).delivery.state).toBe("sent");
  });

  it("is made up to five times, at growing distances, and never ten minutes after the first", () => {
    const rests = [0, 1, 2, 3, 4].map((count) => {
      const { delivery } = judged(refusal("lost"), { lost: count });
      return delivery.state === "again" ? (delivery.after - NOW) / SECOND : null;
    });
    expect(rests).toEqual([15, 30, 60, 120, 240]);
    const unknown = { state: "unknown", reason: "no_answer" };
    expect(judged(refusal("lost"), { lost: 5 }).delivery).toEqual(unknown);
    expect(judged(refusal("lost"), { triedAt: NOW - 590 * SECOND }).delivery).toEqual(unknown);
  });
});
