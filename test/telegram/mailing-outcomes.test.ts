import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { SendCode } from "../../src/telegram-account/contract.ts";
import { silenceLog } from "../support/log-check.ts";
import { telegramDb } from "../support/telegram-client.ts";
import {
  alarmOf,
  createMailer,
  deliveriesOf,
  inAccount,
  type Mailer,
  MINUTE,
  passUntil,
  planFor,
  postsOf,
  ringAlarm,
  rowsIn,
  START,
  setClock,
} from "../support/telegram-mailing.ts";

beforeEach(() => {
  silenceLog();
  setClock();
});
afterEach(() => {
  vi.restoreAllMocks();
  vi.useRealTimers();
});

const refusal = (code: SendCode, seconds?: number) => ({
  refusal: { ok: false as const, code, reason: `telegram_${code}`, ...(seconds ? { seconds } : {}) },
});

/** What became of each group in a run: its state, and the reason. */
const endsOf = async (mailer: Mailer, run?: number) =>
  (await deliveriesOf(mailer, run))
    .toSorted((a, b) => a.group - b.group)
    .map(({ state, reason }) => (reason === null ? state : `${state}: ${reason}`));

const accountsOf = (mailer: Mailer) =>
  rowsIn<{ state: string; paused_until: number | null }>(
    mailer,
    "SELECT state, paused_until FROM accounts ORDER BY phone",
  );

const minutesOf = (posts: { at: number }[]) => posts.map(({ at }) => (at - START) / MINUTE);

describe("an answer of Telegram", () => {
  it("flood_wait: the account sleeps, and the group gets its post after it", async () => {
    const mailer = await createMailer({ groups: [[0], [0], [0]] });
    await planFor(mailer.phones[0]!, { peer: -2, ...refusal("flood_wait", 300) });
    await mailer.object.start(true);
    await passUntil(mailer, START + 4 * MINUTE);
    expect(await postsOf(mailer)).toHaveLength(1);
    await passUntil(mailer, START + 6 * MINUTE);
    const posts = await postsOf(mailer);
    expect(posts.map(({ peer }) => peer).sort()).toEqual([-1, -2, -3]);
    for (const { at } of posts.slice(1)) expect(at).toBeGreaterThan(START + 301_000);
    expect(await endsOf(mailer)).toEqual(["sent", "sent", "sent"]);
  });

  it("flood_wait that ends after the run: the rest is late", async () => {
    const mailer = await createMailer({ groups: [[0], [0], [0]] });
    await planFor(mailer.phones[0]!, { peer: -2, ...refusal("flood_wait", 3000) });
    await mailer.object.start(true);
    await passUntil(mailer, START + 51 * MINUTE);
    const [, first] = await mailer.object.runs(null, 2);
    expect(await endsOf(mailer, first!.id)).toEqual(["sent", "skipped: late", "skipped: late"]);
    expect(
      minutesOf(await postsOf(mailer))
        .slice(1)
        .every((at) => at > 50),
    ).toBe(true);
    expect(await endsOf(mailer)).toEqual(["sent", "sent", "sent"]);
  });

  it("peer_flood: the account pauses for a day, and its groups are given to no other", async () => {
    const mailer = await createMailer({ accounts: 2, groups: Array.from({ length: 6 }, () => [0, 1]) });
    const [one, other] = mailer.phones as [number, number];
    await planFor(one, { skip: 1, ...refusal("peer_flood") });
    await mailer.object.start(true);
    await passUntil(mailer, START + 35 * MINUTE);
    const posts = await postsOf(mailer);
    expect(posts.filter(({ phone }) => phone === one)).toHaveLength(1);
    const others = posts.filter(({ phone }) => phone === other).map(({ peer }) => peer);
    expect(others).toHaveLength(6);
    expect(new Set(others).size).toBe(3);
    const ends = await endsOf(mailer);
    expect(ends.filter((end) => end === "skipped: account_limited")).toHaveLength(3);
    expect(await accountsOf(mailer)).toEqual([
      { state: "paused", paused_until: START + 1440 * MINUTE },
      { state: "active", paused_until: null },
    ]);
  });

  it.each([
    ["peer_flood", "account_paused"],
    ["signed_out", "account_signed_out"],
    ["content", "content_refused"],
  ] as const)("%s is logged as %s, for an operator's alert", async (code, event) => {
    const warn = vi.spyOn(console, "warn").mockReturnValue();
    const mailer = await createMailer({ groups: [[0]] });
    await planFor(mailer.phones[0]!, refusal(code));
    await mailer.object.start(true);
    await passUntil(mailer, START + MINUTE);
    const lines = warn.mock.calls.map(([line]) => JSON.parse(line));
    expect(lines).toContainEqual(
      expect.objectContaining({ level: "warn", event: `telegram.${event}`, user: mailer.id }),
    );
  });

  it("peer_flood twice within seven days: the account pauses until its user resumes it", async () => {
    const mailer = await createMailer({ groups: [[0]], frequency: 86_400, duration: 604_800 });
    await planFor(mailer.phones[0]!, { times: 2, ...refusal("peer_flood") });
    await mailer.object.start(true);
    await passUntil(mailer, START + 3 * 1440 * MINUTE);
    expect(await accountsOf(mailer)).toEqual([{ state: "paused", paused_until: null }]);
    expect(await postsOf(mailer)).toHaveLength(0);
    await mailer.object.resumeAccount(mailer.phones[0]!);
    await passUntil(mailer, START + 5 * 1440 * MINUTE);
    expect(await postsOf(mailer)).toHaveLength(2);
  });

  it("slow_mode: the group waits if it ends within the run, else it is skipped", async () => {
    const mailer = await createMailer({ groups: [[0], [0]] });
    await planFor(
      mailer.phones[0]!,
      { peer: -1, ...refusal("slow_mode", 60) },
      { peer: -2, ...refusal("slow_mode", 3600) },
    );
    await mailer.object.start(true);
    await passUntil(mailer, START + 2 * MINUTE);
    expect(await endsOf(mailer)).toEqual(["sent", "skipped: slow_mode"]);
    expect(minutesOf(await postsOf(mailer))).toEqual([61 / 60]);
  });

  it("forbidden: the group is skipped, and after three runs it is out", async () => {
    const mailer = await createMailer({ groups: [[0], [0]] });
    await planFor(mailer.phones[0]!, { peer: -1, times: 0, ...refusal("forbidden") });
    await mailer.object.start(true);
    await passUntil(mailer, START + 100 * MINUTE);
    expect(await mailer.object.mailing()).toMatchObject({ step: 4, sentCount: 4 });
    const calls = await inAccount(mailer.phones[0]!, (account) => account.calls);
    expect(calls.filter(({ method }) => method === "send")).toHaveLength(3 + 4);
    expect(await endsOf(mailer)).toEqual(["sent"]);
  });

  it.each(["banned", "gone", "paid"] as const)("%s: the group is out at once", async (code) => {
    const mailer = await createMailer({ groups: [[0], [0]] });
    await planFor(mailer.phones[0]!, { peer: -1, ...refusal(code) });
    await mailer.object.start(true);
    await passUntil(mailer, START);
    expect(await endsOf(mailer)).toEqual([`skipped: ${code}`, "sent"]);
    const groups = await rowsIn(mailer, "SELECT out_reason FROM groups ORDER BY id");
    expect(groups).toEqual([{ out_reason: code }, { out_reason: null }]);
  });

  it("banned from three groups in one run: the account pauses, as with peer_flood", async () => {
    const mailer = await createMailer({ groups: Array.from({ length: 5 }, () => [0]) });
    await planFor(mailer.phones[0]!, { times: 0, ...refusal("banned") });
    await mailer.object.start(true);
    await passUntil(mailer, START);
    expect(await endsOf(mailer)).toEqual([
      ...Array(3).fill("skipped: banned"),
      ...Array(2).fill("skipped: account_limited"),
    ]);
    expect(await accountsOf(mailer)).toMatchObject([{ state: "paused" }]);
  });

  it("signed_out: the groups go to another account that is a member, and others get no post", async () => {
    const mailer = await createMailer({ accounts: 2, groups: [[0, 1], [0, 1], [0, 1], [0, 1], [0]] });
    const [one, other] = mailer.phones as [number, number];
    await planFor(one, { times: 0, ...refusal("signed_out") });
    await mailer.object.start(true);
    await passUntil(mailer, START);
    expect((await postsOf(mailer)).map(({ phone }) => phone)).toEqual(Array(4).fill(other));
    expect(await endsOf(mailer)).toEqual([...Array(4).fill("sent"), "skipped: signed_out"]);
    expect(await accountsOf(mailer)).toMatchObject([{ state: "signed_out" }, { state: "active" }]);
    expect(await mailer.object.mailing()).toMatchObject({ isActive: true });
  });

  it("signed_out of the last account: the mailing stops", async () => {
    const mailer = await createMailer({ groups: [[0], [0]] });
    await planFor(mailer.phones[0]!, { skip: 1, ...refusal("signed_out") });
    await mailer.object.start(true);
    await passUntil(mailer, START);
    expect(await endsOf(mailer)).toEqual(["sent", "skipped: signed_out"]);
    expect(await mailer.object.mailing()).toMatchObject({ isActive: false, nextRunAt: null, step: 0 });
    expect((await mailer.call("POST", "/mailing/{id}/start/")).body).toEqual({
      ...{ success: false, error: "no_accounts" },
    });
  });

  it("signed_out of the last account, learned between two runs: the next one stops the mailing", async () => {
    const losses = [
      (mailer: Mailer) => mailer.object.removeAccount(mailer.phones[0]!),
      async (mailer: Mailer) => {
        await planFor(mailer.phones[0]!, { method: "groups", ...refusal("signed_out") });
        await mailer.object.sync();
      },
    ];
    for (const lose of losses) {
      setClock();
      const mailer = await createMailer({ groups: [[0]] });
      await mailer.object.start(true);
      await passUntil(mailer, START + MINUTE);
      await lose(mailer);
      await passUntil(mailer, START + 61 * MINUTE);
      expect(await mailer.object.mailing()).toMatchObject({ isActive: false, nextRunAt: null, step: 1 });
      expect(await rowsIn(mailer, "SELECT stop_reason FROM mailing")).toEqual([
        { stop_reason: "no_accounts" },
      ]);
    }
  });

  it("content: the mailing stops, and no other group is tried", async () => {
    const mailer = await createMailer({ groups: [[0], [0], [0]] });
    await planFor(mailer.phones[0]!, refusal("content"));
    await mailer.object.start(true);
    await passUntil(mailer, START + 60 * MINUTE);
    expect(await endsOf(mailer)).toEqual(["failed: telegram_content", ...Array(2).fill("skipped: content")]);
    expect(await postsOf(mailer)).toHaveLength(0);
  });

  it("unavailable: it is tried again within the run, and nothing is lost", async () => {
    const mailer = await createMailer({ groups: [[0], [0]] });
    await planFor(mailer.phones[0]!, { times: 5, ...refusal("unavailable") });
    await mailer.object.start(true);
    await passUntil(mailer, START + 29 * MINUTE);
    expect(await endsOf(mailer)).toEqual(["sent", "sent"]);
  });

  it("none, though it is posted: the post is found, and is not made again", async () => {
    const mailer = await createMailer({ groups: [[0], [0]] });
    await inAccount(mailer.phones[0]!, (account) => {
      account.isForgetful = true;
    });
    await planFor(mailer.phones[0]!, { peer: -1, isLost: true });
    await mailer.object.start(true);
    await passUntil(mailer, START + MINUTE);
    expect(await endsOf(mailer)).toEqual(["sent", "sent"]);
    expect(await postsOf(mailer)).toHaveLength(2);
    expect(await mailer.object.mailing()).toMatchObject({ sentCount: 2 });
  });

  it("none, again and again: after six tries the end is unknown, and other groups had their posts", async () => {
    const mailer = await createMailer({ groups: [[0], [0], [0]] });
    await planFor(mailer.phones[0]!, { peer: -1, times: 0, isBroken: true });
    await mailer.object.start(true);
    await passUntil(mailer, START + MINUTE);
    expect(await endsOf(mailer)).toEqual(["sending", "sent", "sent"]);
    await passUntil(mailer, START + 10 * MINUTE);
    expect(await endsOf(mailer)).toEqual(["unknown: no_answer", "sent", "sent"]);
    const calls = await inAccount(mailer.phones[0]!, (account) => account.calls.length);
    expect(calls).toBe(6 + 2);
  });
});

describe("a run", () => {
  it("that goes on when the next is due is cut, and the next begins with the groups that were left out", async () => {
    const mailer = await createMailer({ groups: [[0], [0], [0]] });
    await planFor(mailer.phones[0]!, { skip: 1, times: 11, ...refusal("unavailable") });
    await mailer.object.start(true);
    await passUntil(mailer, START + 31 * MINUTE);
    const [second, first] = await mailer.object.runs(null, 2);
    expect(await endsOf(mailer, first!.id)).toEqual(["sent", "skipped: late", "skipped: late"]);
    expect(second).toMatchObject({ number: 1, plannedAt: START + 30 * MINUTE });
    await passUntil(mailer, START + 59 * MINUTE);
    expect((await postsOf(mailer)).map(({ peer }) => peer)).toEqual([-1, -2, -3, -1]);
  });

  it("that is stopped posts no more", async () => {
    const mailer = await createMailer({ groups: [[0], [0], [0]] });
    await planFor(mailer.phones[0]!, { skip: 1, times: 0, ...refusal("unavailable") });
    await mailer.object.start(true);
    await passUntil(mailer, START + MINUTE);
    await mailer.object.stop();
    expect(await endsOf(mailer)).toEqual(["sent", "skipped: stopped", "skipped: stopped"]);
    await passUntil(mailer, START + 500 * MINUTE);
    expect(await postsOf(mailer)).toHaveLength(1);
    expect(await mailer.object.mailing()).toMatchObject({ step: 0, sentCount: 1 });
  });

  it("posts what the mailing was when it began", async () => {
    const mailer = await createMailer({ groups: [[0], [0]] });
    await planFor(mailer.phones[0]!, { peer: -2, ...refusal("slow_mode", 60) });
    await mailer.object.start(true);
    await passUntil(mailer, START);
    await mailer.call("PATCH", "/mailing/{id}/", { text: "Yangi" });
    await passUntil(mailer, START + 31 * MINUTE);
    expect((await postsOf(mailer)).map(({ text }) => text)).toEqual([
      ...Array(2).fill("Yuk bor Toshkent-Moskva"),
      ...Array(2).fill("Yangi"),
    ]);
  });

  it("that an outage missed is done, without a post, and the next is at its time", async () => {
    const mailer = await createMailer({ groups: [[0]] });
    await mailer.object.start(true);
    await passUntil(mailer, START + MINUTE);
    vi.setSystemTime(START + 110 * MINUTE);
    await ringAlarm(mailer);
    expect(await postsOf(mailer)).toHaveLength(1);
    expect(await mailer.object.mailing()).toMatchObject({ step: 4, nextRunAt: START + 120 * MINUTE });
    await passUntil(mailer, START + 125 * MINUTE);
    expect(minutesOf(await postsOf(mailer))).toEqual([0, 120]);
    expect(
      (await mailer.object.runs(null, 9)).map(({ number, beganAt }) => [number, beganAt !== null]),
    ).toEqual([
      [4, true],
      [3, false],
      [2, false],
      [1, false],
      [0, true],
    ]);
  });

  it("that is late by less than half a frequency begins", async () => {
    const mailer = await createMailer({ groups: [[0]] });
    await mailer.object.start(true);
    await passUntil(mailer, START + MINUTE);
    vi.setSystemTime(START + 74 * MINUTE);
    await ringAlarm(mailer);
    expect(minutesOf(await postsOf(mailer))).toEqual([0, 74]);
    expect(await mailer.object.mailing()).toMatchObject({ step: 3, nextRunAt: START + 90 * MINUTE });
  });

  it("does not begin once the subscription is over: the mailing stops", async () => {
    const mailer = await createMailer({ groups: [[0]], user: { sender_ends_at: "2040-01-30" } });
    vi.setSystemTime(Date.UTC(2040, 0, 30, 18));
    await mailer.object.start(true);
    // The day ends at 19:00 UTC in Tashkent.
    await passUntil(mailer, Date.UTC(2040, 0, 31));
    expect(await mailer.object.mailing()).toMatchObject({ isActive: false, step: 2, sentCount: 2 });
    expect(await rowsIn(mailer, "SELECT stop_reason FROM mailing")).toEqual([
      { stop_reason: "no_subscription" },
    ]);
  });

  it("leaves out a group that the operator has blocked since the start", async () => {
    const mailer = await createMailer({ groups: [[0], [0]] });
    await rowsIn(mailer, "UPDATE groups SET peer = -888002 WHERE id = 2");
    await mailer.object.start(true);
    await passUntil(mailer, START + MINUTE);
    await telegramDb.prepare("INSERT INTO telegram_blocked_groups VALUES (-888002, 'asked', 0)").run();
    await passUntil(mailer, START + 31 * MINUTE);
    expect((await postsOf(mailer)).map(({ peer }) => peer)).toEqual([-1, -888002, -1]);
  });

  it("that outlasts a slice of its alarm goes on at once, by the next alarm", async () => {
    const mailer = await createMailer();
    const isLong = { times: 0, before: () => vi.setSystemTime(Date.now() + 7000) };
    await planFor(mailer.phones[0]!, isLong);
    await mailer.object.start(true);
    await ringAlarm(mailer);
    expect(await postsOf(mailer)).toHaveLength(9);
    expect(await alarmOf(mailer)).toBeLessThanOrEqual(Date.now());
    await ringAlarm(mailer);
    expect(await endsOf(mailer)).toEqual(Array(15).fill("sent"));
    expect(await alarmOf(mailer)).toBe(START + 30 * MINUTE);
  });

  it("waits while the database is away, and other work goes on", async () => {
    const mailer = await createMailer({ groups: [[0]] });
    await mailer.object.start(true);
    const down = vi.spyOn(telegramDb, "prepare").mockImplementation(() => {
      throw new Error("D1_ERROR: down");
    });
    await ringAlarm(mailer);
    expect(await postsOf(mailer)).toHaveLength(0);
    expect(await alarmOf(mailer)).toBe(START + 5000);
    down.mockRestore();
    await passUntil(mailer, START + MINUTE);
    expect(await postsOf(mailer)).toHaveLength(1);
  });

  it("begins at once after a start, though the database was away before it", async () => {
    const mailer = await createMailer({ groups: [[0]], frequency: 300 });
    await mailer.object.start(true);
    await passUntil(mailer, START + MINUTE);
    const down = vi.spyOn(telegramDb, "prepare").mockImplementation(() => {
      throw new Error("D1_ERROR: down");
    });
    await passUntil(mailer, START + 62 * MINUTE);
    await mailer.object.stop();
    down.mockRestore();
    await mailer.object.start(true);
    await passUntil(mailer, START + 62 * MINUTE);
    expect(minutesOf(await postsOf(mailer))).toEqual([0, 62]);
  });
});

it("two accounts that share groups post once to each", async () => {
  const groups = Array.from({ length: 15 }, (_, nth) => (nth < 7 ? [0] : nth < 10 ? [0, 1] : [1]));
  const mailer = await createMailer({ accounts: 2, groups });
  expect(await mailer.object.mailing()).toMatchObject({ maxRuns: 240 });
  await mailer.object.start(true);
  await passUntil(mailer, START + 61 * MINUTE);
  const posts = await postsOf(mailer);
  const counts = Object.values(Object.groupBy(posts, ({ peer }) => peer)).map((each) => each!.length);
  expect(counts).toEqual(Array(15).fill(3));
  for (const phone of mailer.phones)
    expect(Math.abs(posts.filter((post) => post.phone === phone).length - 22.5)).toBeLessThan(2);
});
