import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { call } from "../support/client.ts";
import { silenceLog } from "../support/log-check.ts";
import { operatorToken, telegramDb } from "../support/telegram-client.ts";
import {
  createMailer,
  inAccount,
  type Mailer,
  MINUTE,
  passUntil,
  planFor,
  postsOf,
  rowsIn,
  START,
  setClock,
} from "../support/telegram-mailing.ts";

beforeEach(() => setClock());
afterEach(() => void vi.useRealTimers());

const change = (mailer: Mailer, interval: object) =>
  mailer.call("PATCH", "/mailing/{id}/interval/", interval);

describe("the interval", () => {
  it.each([
    [{}, { frequency: ["This field is required."], duration: ["This field is required."] }],
    [
      { frequency: null, duration: "x" },
      {
        frequency: ["This field may not be null."],
        duration: [
          "Duration has wrong format. Use one of these formats instead: [DD] [HH:[MM:]]ss[.uuuuuu].",
        ],
      },
    ],
    [
      { frequency: "00:00:00", duration: "168:00:01" },
      {
        frequency: ["Ensure this value is greater than or equal to 00:00:01."],
        duration: ["Ensure this value is less than or equal to 168:00:00."],
      },
    ],
    [
      { frequency: "01:00:00", duration: "00:59:59" },
      { frequency: ["Ensure this value is less than or equal to the duration."] },
    ],
  ])("%j is refused", async (interval, fields) => {
    const mailer = await createMailer({ groups: [] });
    expect(await change(mailer, interval)).toMatchObject({ status: 400, body: fields });
  });

  it.each([
    [{ frequency: "00:30:00", duration: "08:00:00" }, "00:30:00", "08:00:00", 16],
    [{ frequency: "90", duration: "1 00:00:00" }, "00:01:30", "24:00:00", 960],
    [{ frequency: 1800, duration: "168:00:00" }, "00:30:00", "168:00:00", 336],
    [{ frequency: "05:00.9", duration: "00:05:00" }, "00:05:00", "00:05:00", 1],
  ])("%j is taken", async (interval, frequency, duration, max_steps) => {
    const mailer = await createMailer();
    expect(await change(mailer, interval)).toMatchObject({
      status: 200,
      body: { frequency, duration, max_steps, max_runs: max_steps * 15 },
    });
  });

  it("is not changed while the mailing runs", async () => {
    const mailer = await createMailer();
    await mailer.object.start(true);
    expect(await change(mailer, { frequency: "00:30:00", duration: "08:00:00" })).toMatchObject({
      status: 400,
      body: { non_field_errors: ["Stop the mailing before changing its interval."] },
    });
  });

  it("clears the dates and steps of the last start, and keeps what was sent until the next", async () => {
    const mailer = await createMailer();
    await mailer.object.start(true);
    await passUntil(mailer, START + MINUTE);
    await mailer.object.stop();
    const { body } = await change(mailer, { frequency: "00:30:00", duration: "08:00:00" });
    expect(body).toMatchObject({
      ...{ sent_count: 15, step: 0, started_at: null, ends_at: null, next_run_at: null },
    });
    await mailer.object.start(true);
    expect(await mailer.object.mailing()).toMatchObject({ sentCount: 0, startedAt: START + MINUTE });
  });
});

describe("a start", () => {
  const start = async (mailer: Mailer) => {
    const { status, body } = await mailer.call("POST", "/mailing/{id}/start/");
    expect(status).toBe(200);
    return body.success ? null : body.error;
  };

  it("is refused for the subscription, the accounts, the groups, the content and the interval, in this order", async () => {
    const nothing = { accounts: 0, groups: [], text: " ", frequency: null, duration: null };
    const groups = [[0]];
    const account = { accounts: 1 };
    const refusals: [object, string | null][] = [
      [{ ...nothing, user: { sender_ends_at: null } }, "no_subscription"],
      [{ ...nothing, user: { sender_ends_at: "2040-01-29" } }, "no_subscription"],
      [nothing, "no_accounts"],
      [{ ...nothing, ...account }, "no_groups"],
      [{ ...nothing, ...account, groups }, "no_content"],
      [{ ...nothing, ...account, groups, text: "x" }, "no_interval"],
      [{ groups, user: { sender_ends_at: "2040-01-30" } }, null],
    ];
    for (const [options, error] of refusals) expect(await start(await createMailer(options))).toBe(error);
  });

  it("does without accounts that are paused or signed out, and without excluded, blocked and lost groups", async () => {
    const states = { paused: "no_accounts", signed_out: "no_accounts", connecting: "no_accounts" };
    for (const [state, error] of Object.entries(states)) {
      const mailer = await createMailer({ groups: [[0]] });
      await rowsIn(mailer, "UPDATE accounts SET state = ?", state);
      expect([state, await start(mailer)]).toEqual([state, error]);
    }
    for (const column of ["is_excluded = 1", "out_reason = 'paid'"]) {
      const mailer = await createMailer({ groups: [[0]] });
      await rowsIn(mailer, `UPDATE groups SET ${column}`);
      expect([column, await start(mailer)]).toEqual([column, "no_groups"]);
    }
    const blocked = await createMailer({ groups: [[0]] });
    await rowsIn(blocked, "UPDATE groups SET peer = -777001");
    await telegramDb.prepare("INSERT INTO telegram_blocked_groups VALUES (-777001, 'asked', 0)").run();
    expect(await start(blocked)).toBe("no_groups");
  });

  it("while the mailing runs changes nothing", async () => {
    const mailer = await createMailer();
    await mailer.object.start(true);
    vi.setSystemTime(START + 5 * MINUTE);
    expect((await mailer.call("POST", "/mailing/{id}/start/")).body).toMatchObject({
      success: true,
      mailing: { started_at: "2040-01-30T10:00:00Z", ends_at: "2040-01-30T18:00:00Z" },
    });
  });

  it("twice at once is one", async () => {
    const mailer = await createMailer();
    const both = await Promise.all([mailer.object.start(true), mailer.object.start(true)]);
    expect(both).toMatchObject([{ mailing: { startedAt: START } }, { mailing: { startedAt: START } }]);
    await passUntil(mailer, START + MINUTE);
    expect(await postsOf(mailer)).toHaveLength(15);
  });

  it("is in the database before anything is sent, and not any more after the end", async () => {
    const mailer = await createMailer();
    const until = () =>
      telegramDb
        .prepare("SELECT active_until FROM telegram_users WHERE id = ?")
        .bind(mailer.id)
        .first("active_until");
    expect(await until()).toBe(null);
    await mailer.object.start(true);
    expect(await until()).toBe(START + 480 * MINUTE);
    await mailer.object.stop();
    expect(await until()).toBe(null);
    await mailer.object.start(true);
    await passUntil(mailer, START + 600 * MINUTE);
    expect(await until()).toBe(null);
    expect(await mailer.object.mailing()).toMatchObject({ isActive: false, step: 16 });
  });

  it("soon after a stop posts first one frequency after the last run began", async () => {
    const mailer = await createMailer({ groups: [[0]] });
    await mailer.object.start(true);
    await passUntil(mailer, START + 10 * MINUTE);
    await mailer.object.stop();
    const { body } = await mailer.call("POST", "/mailing/{id}/start/");
    expect(body.mailing).toMatchObject({
      ...{ started_at: "2040-01-30T10:10:00Z", next_run_at: "2040-01-30T10:30:00Z", step: 0 },
    });
    await passUntil(mailer, START + 70 * MINUTE);
    expect((await postsOf(mailer)).map(({ at }) => (at - START) / MINUTE)).toEqual([0, 30, 60]);
  });
});

it("a stop while nothing runs answers with the mailing", async () => {
  const mailer = await createMailer();
  expect(await mailer.call("POST", "/mailing/{id}/stop/")).toMatchObject({
    status: 200,
    body: { success: true, mailing: { is_active: false, started_at: null } },
  });
});

it("a run posts no more once its user is deleted, also while the account cannot be signed out", async () => {
  silenceLog();
  const mailer = await createMailer({ groups: [[0], [0], [0]] });
  const slow = { ok: false as const, code: "slow_mode", seconds: 300, reason: "slowmode_wait" };
  await planFor(mailer.phones[0]!, { peer: -2, refusal: slow });
  await inAccount(mailer.phones[0]!, (account) => {
    account.plans.push({ method: "forget", isBroken: true, times: 2 });
  });
  await mailer.object.start(true);
  await passUntil(mailer, START + MINUTE);
  expect((await postsOf(mailer)).map(({ peer }) => peer)).toEqual([-1, -3]);
  const deleted = await call(await operatorToken(), "DELETE", `/telegram/users/${mailer.id}/`);
  expect(deleted.status).toBe(204);
  await passUntil(mailer, START + 20 * MINUTE);
  expect(await postsOf(mailer)).toHaveLength(2);
});
