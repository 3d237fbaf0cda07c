import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { describe, expect, it, vi } from "vitest";
import { createContext } from "../../src/telegram/context.ts";
import { listAccounts } from "../../src/telegram/scheduler/accounts.ts";
import * as signIn from "../../src/telegram/scheduler/sign-in.ts";
import type { Scheduler } from "../../src/telegram/scheduler/state.ts";
import type { Plan } from "../support/fake-telegram-account.ts";
import { silenceLog } from "../support/log-check.ts";
import {
  connect,
  foundGroup,
  inAccount,
  inMailing,
  newPhone,
  runAlarm,
} from "../support/telegram-accounts.ts";
import { createTelegramUser, type TelegramUser } from "../support/telegram-client.ts";

const plan = (phone: number, ...plans: Plan[]) =>
  inAccount(phone, (account) => void account.plans.push(...plans));

const sendCode = (user: TelegramUser, phone: unknown) =>
  user.call("POST", "/accounts/{id}/send-code/", { phone });
const verify = (user: TelegramUser, phone: unknown, code = "12345") =>
  user.call("POST", "/accounts/{id}/verify-code/", { phone, code });
const verifyPassword = (user: TelegramUser, phone: unknown, password: string) =>
  user.call("POST", "/accounts/{id}/verify-2fa/", { phone, password });
const list = async (user: TelegramUser) => (await user.call("GET", "/accounts/{id}/")).body;
const show = (user: TelegramUser, phone: number) => user.call("GET", `/accounts/{id}/${phone}/`);
const remove = (user: TelegramUser, phone: unknown) => user.call("DELETE", `/accounts/{id}/${phone}/`);

const success = { status: 200, body: { success: true } };
const refused = (error: string, more: object = {}) => ({
  status: 200,
  body: { success: false, error, ...more },
});
const notFound = { status: 404, body: { success: false, error: "account_not_found" } };
const unavailable = { status: 503, body: { error: "telegram_unavailable" } };

/** A user and a phone with a code on its way. */
async function withCode() {
  const user = await createTelegramUser();
  const phone = newPhone();
  expect(await sendCode(user, phone)).toMatchObject(success);
  return { user, phone };
}

/** The body of an answer, exactly. */
const exactly = ({ status, body }: { status: number; body: unknown }) => ({ status, body });

describe("a login code", () => {
  it.each([
    [{}, { phone: ["This field is required."] }],
    [{ phone: null }, { phone: ["This field may not be null."] }],
    [{ phone: " " }, { phone: ["This field may not be blank."] }],
    [{ phone: [998901234567] }, { phone: ["Not a valid string."] }],
  ])("is refused for %j as a validation error", async (fields, body) => {
    const user = await createTelegramUser();
    expect(exactly(await user.call("POST", "/accounts/{id}/send-code/", fields))).toEqual({
      status: 400,
      body,
    });
  });

  it.each(["123", "abc", "+0998901234567", "9989012345671234", "998'901234567"])(
    "is refused for %j as no phone",
    async (phone) => {
      const user = await createTelegramUser();
      expect(exactly(await sendCode(user, phone))).toEqual(refused("invalid_phone"));
    },
  );

  it.each([
    [{ code: "invalid_phone" }, "invalid_phone", {}],
    [{ code: "flood_wait", seconds: 300 }, "flood_wait", { seconds: 300 }],
    [{ code: "code_unavailable" }, "code_unavailable", {}],
  ])("that Telegram refuses as %j is refused, and leaves no account", async (refusal, error, more) => {
    const user = await createTelegramUser();
    const phone = newPhone();
    await plan(phone, { method: "sendCode", refusal: { ok: false, reason: "x", ...refusal } });
    expect(exactly(await sendCode(user, phone))).toEqual(refused(error, more));
    expect(await show(user, phone)).toMatchObject(notFound);
    expect(await sendCode(user, phone)).toMatchObject(success);
  });

  it("is asked for with or without a plus, with blanks, as text or as a number", async () => {
    const user = await createTelegramUser();
    const phone = newPhone();
    const text = String(phone);
    for (const written of [
      phone,
      text,
      `+${text}`,
      `+${text.slice(0, 3)} (${text.slice(3, 5)}) ${text.slice(5)}`,
    ])
      expect(await sendCode(user, written)).toMatchObject(success);
    expect(await inAccount(phone, ({ calls }) => calls.length)).toBe(4);
  });

  it("is asked for ten times a day by a user, and the eleventh is told how long to wait", async () => {
    const user = await createTelegramUser();
    for (let nth = 0; nth < 10; nth++) expect(await sendCode(user, newPhone())).toMatchObject(success);
    const { body } = await sendCode(user, newPhone());
    expect(body).toEqual({ success: false, error: "flood_wait", seconds: expect.any(Number) });
    expect(body.seconds).toBeGreaterThan(86_000);
    expect(body.seconds).toBeLessThanOrEqual(86_400);
    const [{ at }] = (await inMailing(user.id, "SELECT MIN(at) AS at FROM codes")) as [{ at: number }];
    await inMailing(user.id, "UPDATE codes SET at = at - 86400000 + 5000 WHERE at = ?", at);
    expect((await sendCode(user, newPhone())).body.seconds).toBeLessThanOrEqual(5);
    await inMailing(user.id, "UPDATE codes SET at = at - 5000 WHERE at < ?", at);
    expect(await sendCode(user, newPhone())).toMatchObject(success);
    expect(await sendCode(await createTelegramUser(), newPhone())).toMatchObject(success);
  });

  it("that was not sent, as a limit is reached already, does not count", async () => {
    const user = await createTelegramUser();
    const phone = newPhone();
    const refusal = { ok: false, code: "flood_wait", seconds: 30, reason: "x" } as const;
    await plan(phone, { method: "sendCode", times: 12, refusal });
    for (let nth = 0; nth < 12; nth++)
      expect(exactly(await sendCode(user, phone))).toEqual(refused("flood_wait", { seconds: 30 }));
    expect(await sendCode(user, phone)).toMatchObject(success);
  });

  it("whose answer is lost is 503, and the code counts and works", async () => {
    silenceLog();
    const user = await createTelegramUser();
    const phone = newPhone();
    await plan(phone, { method: "sendCode", isLost: true });
    const answer = await sendCode(user, phone);
    expect(answer).toMatchObject(unavailable);
    expect(answer.headers.get("retry-after")).toBe("60");
    expect(await inMailing(user.id, "SELECT COUNT(*) AS n FROM codes")).toEqual([{ n: 1 }]);
    expect(await verify(user, phone)).toMatchObject(success);
    vi.restoreAllMocks();
  });
});

describe("a sign-in", () => {
  it("by a wrong code, or without a code sent, is refused", async () => {
    const { user, phone } = await withCode();
    expect(exactly(await verify(user, phone, "00000"))).toEqual(refused("invalid_code"));
    expect(exactly(await verify(user, newPhone()))).toEqual(refused("expired"));
    expect(exactly(await verify(user, "no phone"))).toEqual(refused("expired"));
    expect(exactly(await verifyPassword(user, phone, "x"))).toEqual(refused("expired"));
    expect(await list(user)).toEqual([]);
  });

  it.each([
    ["verify-code", {}, { phone: ["This field is required."], code: ["This field is required."] }],
    ["verify-code", { phone: 998901234567, code: "" }, { code: ["This field may not be blank."] }],
    ["verify-2fa", { phone: 998901234567 }, { password: ["This field is required."] }],
    ["verify-2fa", { phone: null, password: 1 }, { phone: ["This field may not be null."] }],
  ])("by %s %j is a validation error", async (step, fields, body) => {
    const user = await createTelegramUser();
    const answer = await user.call("POST", `/accounts/{id}/${step}/`, fields);
    expect(exactly(answer)).toEqual({ status: 400, body });
  });

  it("by the right code connects the account, and lists its groups", async () => {
    const user = await createTelegramUser();
    const phone = await connect(user, [foundGroup(), foundGroup()]);
    const answer = await user.call("GET", "/accounts/{id}/");
    expect(JSON.stringify(answer.body)).toBe(`[{"phone":${phone},"is_active":true,"groups_count":2}]`);
    expect((await show(user, phone)).body).toEqual({
      ...{ phone, is_active: true, groups_count: 2 },
      ...{ state: "active", reason: null, until: null },
    });
  });

  it("takes a code as a number, as Django REST framework does", async () => {
    const { user, phone } = await withCode();
    const answer = await user.call("POST", "/accounts/{id}/verify-code/", { phone, code: 12345 });
    expect(answer).toMatchObject(success);
  });

  it("with two-step verification needs the password too", async () => {
    const { user, phone } = await withCode();
    await inAccount(phone, (account) => {
      account.password = "my2fa password ";
    });
    expect(exactly(await verify(user, phone))).toEqual({
      status: 200,
      body: { success: false, needs_2fa: true },
    });
    expect(exactly(await verifyPassword(user, phone, "my2fa password"))).toEqual(refused("invalid_password"));
    expect(await list(user)).toEqual([]);
    expect(exactly(await verifyPassword(user, phone, "my2fa password "))).toEqual(success);
    expect(await list(user)).toMatchObject([{ phone, is_active: true }]);
  });

  it.each([["verifyCode"], ["verifyPassword"]] as const)(
    "whose answer to %s is lost is signed in",
    async (method) => {
      silenceLog();
      const { user, phone } = await withCode();
      const hasPassword = method === "verifyPassword";
      await inAccount(phone, (account) => {
        account.password = hasPassword ? "secret" : null;
      });
      await plan(phone, { method, isLost: true });
      if (hasPassword) await verify(user, phone);
      const answer = await (hasPassword ? verifyPassword(user, phone, "secret") : verify(user, phone));
      expect(answer).toMatchObject(success);
      expect(await list(user)).toMatchObject([{ phone, is_active: true }]);
      vi.restoreAllMocks();
    },
  );

  it("of which no answer comes is 503, and the same step again succeeds", async () => {
    silenceLog();
    const { user, phone } = await withCode();
    await plan(phone, { method: "verifyCode", isLost: true }, { method: "state", isBroken: true });
    expect(await verify(user, phone)).toMatchObject(unavailable);
    expect(await list(user)).toEqual([]);
    expect(await verify(user, phone)).toMatchObject(success);
    expect(await list(user)).toMatchObject([{ phone, is_active: true }]);
    vi.restoreAllMocks();
  });

  it("that was broken off is 503, and the code still works", async () => {
    silenceLog();
    const { user, phone } = await withCode();
    await plan(phone, { method: "verifyCode", isBroken: true });
    expect(await verify(user, phone)).toMatchObject(unavailable);
    expect(await verify(user, phone)).toMatchObject(success);
    vi.restoreAllMocks();
  });

  it("of which no answer comes is settled by the alarm", async () => {
    silenceLog();
    const { user, phone } = await withCode();
    await plan(phone, { method: "verifyCode", isLost: true }, { method: "state", isBroken: true, times: 2 });
    expect(await verify(user, phone)).toMatchObject(unavailable);
    const pass = () => inMailing(user.id, "UPDATE accounts SET settles_at = 1");
    await pass();
    await runAlarm(user.id); // asks for the state, and gets no answer
    expect(await list(user)).toEqual([]);
    await pass();
    await runAlarm(user.id);
    expect(await list(user)).toMatchObject([{ phone, is_active: true }]);
    expect(await inMailing(user.id, "SELECT settles_at FROM accounts")).toEqual([{ settles_at: null }]);
    vi.restoreAllMocks();
  });

  it("that is not finished in 15 minutes goes, is never listed, and counts nowhere", async () => {
    const { user, phone } = await withCode();
    expect(await list(user)).toEqual([]);
    expect((await show(user, phone)).body).toMatchObject({ state: "connecting", is_active: false });
    const [row] = await inMailing<{ wait: number }>(
      user.id,
      "SELECT settles_at - added_at AS wait FROM accounts",
    );
    expect(row?.wait).toBe(15 * 60_000);
    await inMailing(user.id, "UPDATE accounts SET settles_at = 1");
    await runAlarm(user.id);
    expect(await show(user, phone)).toMatchObject(notFound);
    expect(exactly(await verify(user, phone))).toEqual(refused("expired"));
  });

  it("that the user has begun again is not given up with the one before", async () => {
    const { user, phone } = await withCode();
    await plan(phone, {
      method: "sendCode",
      refusal: { ok: false, code: "flood_wait", seconds: 55, reason: "x" },
    });
    expect(await sendCode(user, phone)).toMatchObject(refused("flood_wait"));
    expect(await verify(user, phone)).toMatchObject(success);
  });
});

describe("an account that is connected", () => {
  it("is not connected a second time, and stays as it is", async () => {
    const user = await createTelegramUser();
    const phone = await connect(user, [foundGroup()]);
    expect(exactly(await sendCode(user, phone))).toEqual(refused("account_exists"));
    expect(await list(user)).toEqual([{ phone, is_active: true, groups_count: 1 }]);
    expect(await inMailing(user.id, "SELECT settles_at FROM accounts")).toEqual([{ settles_at: null }]);
  });

  it("is nobody else's: they cannot connect, see, resume or remove it", async () => {
    const [owner, other] = [await createTelegramUser(), await createTelegramUser()];
    const phone = await connect(owner);
    expect(exactly(await sendCode(other, phone))).toEqual(refused("account_exists"));
    expect(exactly(await verify(other, phone))).toEqual(refused("expired"));
    expect(exactly(await verifyPassword(other, phone, "x"))).toEqual(refused("expired"));
    expect(exactly(await show(other, phone))).toEqual(notFound);
    expect(exactly(await remove(other, phone))).toEqual(notFound);
    expect(exactly(await other.call("POST", `/accounts/{id}/${phone}/resume/`))).toEqual(notFound);
    expect(await list(other)).toEqual([]);
    expect(await list(owner)).toMatchObject([{ phone, is_active: true }]);
    expect((await other.call("GET", `/accounts/${owner.id}/`)).status).toBe(404);
  });

  it("of which this user knows nothing, after a death, is taken over by the next send-code", async () => {
    const user = await createTelegramUser();
    const phone = await connect(user, [foundGroup()]);
    await inMailing(user.id, "DELETE FROM accounts");
    expect(exactly(await sendCode(user, phone))).toEqual(refused("account_exists"));
    expect(await list(user)).toMatchObject([{ phone, is_active: true }]);
  });

  it("that Telegram signed out shows so, and is connected again by its user alone, with its groups", async () => {
    const [user, other] = [await createTelegramUser(), await createTelegramUser()];
    const phone = await connect(user, [foundGroup()]);
    const groups = (await user.call("GET", "/groups/{id}/")).body;
    const refusal = { ok: false, code: "signed_out", reason: "session_revoked" } as const;
    await inAccount(phone, (account) => {
      account.known = { ...account.known, state: "signed_out" };
      account.plans.push({ method: "groups", refusal });
    });
    await inMailing(user.id, "UPDATE mailing SET synced_at = 1");
    await user.call("GET", "/groups/{id}/sync/");
    await vi.waitFor(async () => expect(await list(user)).toMatchObject([{ is_active: false }]), 60_000);
    expect((await show(user, phone)).body).toEqual({
      ...{ phone, is_active: false, groups_count: 1 },
      ...{ state: "signed_out", reason: "session_revoked", until: null },
    });
    expect((await user.call("GET", "/groups/{id}/")).body).toEqual(groups);
    expect(exactly(await sendCode(other, phone))).toEqual(refused("account_exists"));
    await connect(user, [foundGroup({ peer: -5 })], phone);
    expect(await list(user)).toEqual([{ phone, is_active: true, groups_count: 1 }]);
    const again = (await user.call("GET", "/groups/{id}/")).body;
    expect(again.map(({ id }: { id: number }) => id)).not.toContain(groups[0].id);
  });

  it("that Telegram signed out unnoticed is found out by send-code", async () => {
    const user = await createTelegramUser();
    const phone = await connect(user);
    await inAccount(phone, (account) => {
      account.known = { ...account.known, state: "signed_out" };
    });
    expect(await sendCode(user, phone)).toMatchObject(success);
    expect(await list(user)).toMatchObject([{ phone, is_active: false }]);
    await inMailing(user.id, "UPDATE accounts SET settles_at = 1");
    await runAlarm(user.id);
    expect(await list(user)).toMatchObject([{ phone, is_active: false }]);
    expect(await verify(user, phone)).toMatchObject(success);
    expect(await list(user)).toMatchObject([{ phone, is_active: true }]);
  });

  it("that Telegram limits stays paused for the day, also when it is connected again", async () => {
    const user = await createTelegramUser();
    const phone = await connect(user);
    const limitedAt = Date.now() - 3_600_000;
    await inMailing(user.id, "UPDATE accounts SET state = 'signed_out', limited_at = ?", limitedAt);
    await inAccount(phone, (account) => {
      account.known = { ...account.known, state: "signed_out" };
    });
    await connect(user, [], phone);
    const until = `${new Date(limitedAt + 86_400_000).toISOString().slice(0, 19)}Z`;
    expect((await show(user, phone)).body).toMatchObject({ state: "paused", reason: "peer_flood", until });
  });

  it("that is paused shows why and until when, and is resumed by its user or by time", async () => {
    const user = await createTelegramUser();
    const phone = await connect(user);
    const pause = (until: number | null) =>
      inMailing(
        user.id,
        "UPDATE accounts SET state = 'paused', reason = 'peer_flood', paused_until = ?",
        until,
      );
    await pause(Date.UTC(2099, 0, 2));
    expect((await show(user, phone)).body).toEqual({
      ...{ phone, is_active: false, groups_count: 0 },
      ...{ state: "paused", reason: "peer_flood", until: "2099-01-02T00:00:00Z" },
    });
    expect(await user.call("POST", `/accounts/{id}/+${phone}/resume/`)).toMatchObject(success);
    expect((await show(user, phone)).body).toMatchObject({ state: "active", reason: null, until: null });
    await pause(null);
    expect((await show(user, phone)).body).toMatchObject({ state: "paused", is_active: false, until: null });
    await pause(Date.now() - 1);
    expect((await show(user, phone)).body).toMatchObject({ state: "active", is_active: true, reason: null });
    expect(await list(user)).toMatchObject([{ phone, is_active: true }]);
  });
});

describe("removing an account", () => {
  it.each(["998901234567", "abc", "0", "+", "-1", "99890123456712345678"])(
    "%s that is not there is 404",
    async (phone) => {
      const user = await createTelegramUser();
      expect(exactly(await remove(user, phone))).toEqual(notFound);
      expect(exactly(await user.call("GET", `/accounts/{id}/${phone}/`))).toEqual(notFound);
    },
  );

  it("removes it here and there, and its groups go, but keep their ids", async () => {
    const user = await createTelegramUser();
    const group = foundGroup();
    const phone = await connect(user, [group]);
    const before = (await user.call("GET", "/groups/{id}/")).body;
    expect(exactly(await remove(user, `+${phone}`))).toEqual(success);
    expect(await list(user)).toEqual([]);
    expect((await user.call("GET", "/groups/{id}/")).body).toEqual([]);
    expect(exactly(await remove(user, phone))).toEqual(notFound);
    expect(await inAccount(phone, ({ known }) => known.state)).toBe("none");
    const other = await createTelegramUser();
    await connect(other, [group], phone);
    expect((await other.call("GET", "/groups/{id}/")).body).toMatchObject([{ id: 1 }]);
    await connect(user, [foundGroup(), group]);
    expect((await user.call("GET", "/groups/{id}/")).body).toMatchObject([before[0], { id: 2 }]);
  });

  it("whose answer is lost once is repeated, and that breaks every time is 503 and leaves the account", async () => {
    silenceLog();
    const user = await createTelegramUser();
    const phone = await connect(user);
    await plan(phone, { method: "forget", isBroken: true, times: 2 }, { method: "forget", isLost: true });
    expect(await remove(user, phone)).toMatchObject(unavailable);
    expect(await list(user)).toMatchObject([{ phone, is_active: true }]);
    expect(await remove(user, phone)).toMatchObject(success);
    expect(await list(user)).toEqual([]);
    vi.restoreAllMocks();
  });

  it("ends an attempt to connect it", async () => {
    const { user, phone } = await withCode();
    expect(await remove(user, phone)).toMatchObject(success);
    expect(exactly(await verify(user, phone))).toEqual(refused("expired"));
  });
});

it("what Telegram would have to be asked for is 503 while it is unavailable, and says what to do", async () => {
  const user = await createTelegramUser();
  const phone = newPhone();
  const refusal = { ok: false, code: "unavailable", reason: "Set TELEGRAM_API_ID" } as const;
  await plan(phone, { method: "sendCode", refusal });
  const answer = await sendCode(user, phone);
  const body = { error: "telegram_unavailable", detail: "Set TELEGRAM_API_ID" };
  expect(exactly(answer)).toEqual({ status: 503, body });
  expect(await inMailing(user.id, "SELECT * FROM codes")).toEqual([]);
  expect(await show(user, phone)).toMatchObject(notFound);
});

describe("without what it needs, nothing is asked of Telegram", () => {
  const cases: [name: string, env: Partial<Env>, says: RegExp][] = [
    ["the script xabar-telegram", { TELEGRAM_ACCOUNT: undefined as never }, /^Deploy xabar-telegram/],
    ["consent to Telegram's terms", { TELEGRAM_TERMS_ACCEPTED: "" }, /TELEGRAM_TERMS_ACCEPTED=yes/],
  ];

  it.each(cases)("without %s, and accounts are listed all the same", async (_name, changes, says) => {
    const user = await createTelegramUser();
    const phone = await connect(user);
    const bindings = { ...env, ...changes };
    const mailing = env.TELEGRAM_MAILING.getByName(String(user.id));
    const outcomes = await runInDurableObject(mailing, async (_object, { storage }) => {
      const ctx = createContext(bindings, { waitUntil: () => {} });
      const wake = async () => {};
      const scheduler: Scheduler = { user: user.id, ctx, storage, sql: storage.sql, wake, running: {} };
      const steps = [
        await signIn.sendCode(scheduler, phone + 1),
        await signIn.verifyCode(scheduler, phone, "12345"),
        await signIn.verifyPassword(scheduler, phone + 1, "x"),
      ];
      expect(listAccounts(scheduler)).toMatchObject([{ phone, isActive: true }]);
      return steps;
    });
    for (const outcome of outcomes)
      expect(outcome).toMatchObject({ ok: false, code: "unavailable", reason: expect.stringMatching(says) });
  });
});
