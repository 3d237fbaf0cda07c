import { runInDurableObject } from "cloudflare:test";
import { describe, expect, it } from "vitest";
import { NoAnswer } from "../../src/telegram-account/errors.ts";
import { sendCode } from "../../src/telegram-account/sign-in/send-code.ts";
import { waitFor } from "../support/wait.ts";
import {
  accountOf,
  codeOf,
  contextOf,
  forgetCodes,
  inside,
  kill,
  newCaller,
  newPerson,
  signedIn,
  withConnection,
} from "./support/account.ts";
import { standIn } from "./support/stand-in.ts";

const PASSWORD = "my2fapassword";

/** Somebody to whom a code was sent. */
async function awaitingCode(telegram: Parameters<typeof newPerson>[0] = {}) {
  const person = await newPerson(telegram);
  expect(await person.account.sendCode(person.caller)).toEqual({ ok: true });
  return { ...person, code: await codeOf(person.phone) };
}

/** Somebody whose code was right, and whose password is needed. */
async function awaitingPassword() {
  const person = await awaitingCode({ password: PASSWORD });
  const { account, caller, code } = person;
  expect(await account.verifyCode(caller, code)).toMatchObject({ ok: false, code: "needs_2fa" });
  return person;
}

/** Other digits. */
const wrong = (code: string) => String(((Number(code) - 9_999) % 90_000) + 10_000);

/** Lets the time of a sign-in run out. */
const letExpire = (account: ReturnType<typeof accountOf>) =>
  inside(account, ({ sql }) => {
    sql.exec("UPDATE account SET pending_until = ?", Date.now() - 1);
  });

describe.concurrent("a login code is refused", () => {
  it("as account_exists for an account that somebody has, its owner too", async () => {
    const { account, caller, phone } = await signedIn();
    const refusal = { ok: false, code: "account_exists", reason: "account_exists" };
    expect(await account.sendCode(caller)).toEqual(refusal);
    expect(await account.sendCode(newCaller())).toEqual(refusal);
    expect((await standIn.phone(phone)).codesSent).toBe(1);
  });

  it("as account_exists while another user is signing in, for 15 minutes", async () => {
    const { account, phone } = await awaitingCode();
    const other = newCaller();
    await forgetCodes(account);
    expect(await account.sendCode(other)).toMatchObject({ ok: false, code: "account_exists" });
    await letExpire(account);
    expect(await account.sendCode(other)).toEqual({ ok: true });
    expect(await account.verifyCode(other, await codeOf(phone))).toMatchObject({ ok: true });
  });

  it("as account_exists for another user's account that Telegram has signed out", async () => {
    const { account } = await signedIn();
    await inside(account, ({ sql }) => {
      sql.exec("UPDATE account SET state = 'signed_out', codes = '[]'");
    });
    expect(await account.sendCode(newCaller())).toMatchObject({ ok: false, code: "account_exists" });
  });

  it("as invalid_phone for no number of Telegram, and for a banned one", async () => {
    const nowhere = accountOf("99890");
    await forgetCodes(nowhere);
    const refusal = { ok: false, code: "invalid_phone" };
    expect(await nowhere.sendCode(newCaller())).toMatchObject({ ...refusal, reason: "phone_number_invalid" });
    const banned = await newPerson();
    await standIn.change(banned.phone, { isBanned: true });
    expect(await banned.account.sendCode(banned.caller)).toMatchObject({
      ...refusal,
      reason: "phone_number_banned",
    });
  });

  it.each([
    ["FLOOD_WAIT_300", 300],
    // An earlier one would be refused here.
    ["FLOOD_WAIT_5", 60],
  ])("as flood_wait with true seconds, without waiting: %s", async (error, seconds) => {
    const { account, caller, phone } = await newPerson();
    await standIn.plan({ phone, method: "auth.sendCode", error: [420, error] });
    const refusal = { ok: false, code: "flood_wait", reason: "flood_wait", seconds };
    expect(await account.sendCode(caller)).toEqual(refusal);
    expect((await standIn.phone(phone)).calls["auth.sendCode"]).toBe(1);
  });

  it.each(["PHONE_NUMBER_FLOOD", "PHONE_PASSWORD_FLOOD"])("as flood_wait for a day: %s", async (error) => {
    const { account, caller, phone } = await newPerson();
    await standIn.plan({ phone, method: "auth.sendCode", error: [406, error] });
    expect(await account.sendCode(caller)).toMatchObject({ ok: false, code: "flood_wait", seconds: 86_400 });
  });

  it("as flood_wait within a minute, with the seconds that are left, whoever asks", async () => {
    const { account, caller, phone } = await awaitingCode();
    const again = await account.sendCode(caller);
    expect(again).toMatchObject({ ok: false, code: "flood_wait", seconds: expect.any(Number) });
    const seconds = again.ok ? 0 : (again.seconds ?? 0);
    expect(seconds).toBeGreaterThan(0);
    expect(seconds).toBeLessThanOrEqual(60);
    expect(await account.forget(caller)).toEqual({ ok: true });
    expect(await account.sendCode(newCaller())).toMatchObject({ ok: false, code: "flood_wait" });
    expect((await standIn.phone(phone)).codesSent).toBe(1);
  });

  it("as flood_wait after five in a day, until the first is a day old", async () => {
    const { account, caller } = await newPerson();
    const hour = 3600_000;
    const at = [23, 20, 10, 5, 1].map((hours) => Date.now() - hours * hour);
    await inside(account, ({ sql }) => {
      sql.exec("UPDATE account SET codes = ?", JSON.stringify(at));
    });
    const refused = await account.sendCode(caller);
    expect(refused).toMatchObject({ ok: false, code: "flood_wait" });
    const seconds = refused.ok ? 0 : (refused.seconds ?? 0);
    expect(seconds).toBeGreaterThan(3500);
    expect(seconds).toBeLessThanOrEqual(3600);
    await inside(account, ({ sql }) => {
      sql.exec("UPDATE account SET codes = ?", JSON.stringify(at.map((time) => time - hour)));
    });
    expect(await account.sendCode(caller)).toEqual({ ok: true });
  });

  it("as invalid_phone for a number without an account, where Telegram says so at once", async () => {
    const { account, caller, phone } = await newPerson();
    const error: [number, string] = [400, "PHONE_NUMBER_APP_SIGNUP_FORBIDDEN"];
    await standIn.plan({ phone, method: "auth.sendCode", error });
    expect(await account.sendCode(caller)).toMatchObject({ ok: false, code: "invalid_phone" });
  });

  it.each([
    ["email", "sentcodetypesetupemailrequired"],
    ["payment", "sentcodepaymentrequired"],
  ] as const)(
    "as code_unavailable where Telegram wants %s first: it counts, and begins nothing",
    async (codeNeeds, reason) => {
      const { account, caller } = await newPerson({ codeNeeds });
      expect(await account.sendCode(caller)).toEqual({ ok: false, code: "code_unavailable", reason });
      expect(await account.verifyCode(caller, "12345")).toMatchObject({ ok: false, code: "expired" });
      expect(await account.sendCode(newCaller())).toMatchObject({ ok: false, code: "flood_wait" });
    },
  );

  it("as code_unavailable where Telegram has no way that is left", async () => {
    const { account, caller, phone } = await newPerson();
    await standIn.plan({ phone, method: "auth.sendCode", error: [406, "SEND_CODE_UNAVAILABLE"] });
    expect(await account.sendCode(caller)).toMatchObject({ ok: false, code: "code_unavailable" });
  });

  it("as unavailable for an error that is the operator's", async () => {
    const { account, caller, phone } = await newPerson();
    await standIn.plan({ phone, method: "auth.sendCode", error: [400, "API_ID_INVALID"] });
    const refusal = { ok: false, code: "unavailable", reason: "api_id_invalid" };
    expect(await account.sendCode(caller)).toEqual(refusal);
  });

  it("but asked for once more after AUTH_RESTART", async () => {
    const { account, caller, phone } = await newPerson();
    await standIn.plan({ phone, method: "auth.sendCode", error: [500, "AUTH_RESTART"] });
    expect(await account.sendCode(caller)).toEqual({ ok: true });
    expect((await standIn.phone(phone)).calls["auth.sendCode"]).toBe(2);
  });

  it.each(["AUTH_KEY_DUPLICATED", "AUTH_KEY_UNREGISTERED"])(
    "but asked for once more with another key after %s",
    async (error) => {
      const { account, caller, phone } = await awaitingCode();
      await forgetCodes(account);
      await standIn.plan({ phone, method: "auth.sendCode", error: [406, error] });
      expect(await account.sendCode(caller)).toEqual({ ok: true });
      expect(await account.verifyCode(caller, await codeOf(phone))).toMatchObject({ ok: true });
    },
  );

  it("all but once, if it is asked for several times at once", async () => {
    const { account, caller, phone } = await newPerson();
    const sent = await Promise.all(Array.from({ length: 5 }, () => account.sendCode(caller)));
    expect(sent.filter(({ ok }) => ok)).toHaveLength(1);
    expect((await standIn.phone(phone)).codesSent).toBe(1);
  });
});

describe.concurrent("a code is refused", () => {
  it("as invalid_code, and after five wrong ones as expired, even if it is right", async () => {
    const { account, caller, code } = await awaitingCode();
    for (let tries = 0; tries < 5; tries++) {
      expect(await account.verifyCode(caller, wrong(code))).toMatchObject({
        ok: false,
        code: "invalid_code",
      });
    }
    expect(await account.verifyCode(caller, code)).toMatchObject({ ok: false, code: "expired" });
    expect(await account.state(caller)).toMatchObject({ ok: true, state: "none" });
    await forgetCodes(account);
    expect(await account.sendCode(caller)).toEqual({ ok: true });
  });

  it("as invalid_code if it is empty", async () => {
    const { account, caller } = await awaitingCode();
    expect(await account.verifyCode(caller, "")).toMatchObject({ ok: false, code: "invalid_code" });
  });

  it("as expired without a code that was sent, for another user, and after 15 minutes", async () => {
    const { account, caller } = await newPerson();
    const refusal = { ok: false, code: "expired", reason: "no_code" };
    expect(await account.verifyCode(caller, "12345")).toEqual(refusal);
    const awaiting = await awaitingCode();
    expect(await awaiting.account.verifyCode(newCaller(), awaiting.code)).toEqual(refusal);
    await letExpire(awaiting.account);
    expect(await awaiting.account.verifyCode(awaiting.caller, awaiting.code)).toEqual(refusal);
  });

  it("as expired if Telegram says so; another one signs in", async () => {
    const { account, caller, phone, code } = await awaitingCode();
    await standIn.expireCode(phone);
    expect(await account.verifyCode(caller, code)).toMatchObject({ ok: false, code: "expired" });
    await forgetCodes(account);
    expect(await account.sendCode(caller)).toEqual({ ok: true });
    expect(await account.verifyCode(caller, await codeOf(phone))).toMatchObject({ ok: true });
  });

  it("as invalid_phone for a number without an account", async () => {
    const { account, caller, code } = await awaitingCode({ isRegistered: false });
    const refusal = { ok: false, code: "invalid_phone", reason: "sign_up_required" };
    expect(await account.verifyCode(caller, code)).toEqual(refusal);
  });

  it("as flood_wait with the seconds that Telegram says", async () => {
    const { account, caller, phone, code } = await awaitingCode();
    await standIn.plan({ phone, method: "auth.signIn", error: [420, "FLOOD_WAIT_77"] });
    expect(await account.verifyCode(caller, code)).toMatchObject({ code: "flood_wait", seconds: 77 });
    expect(await account.verifyCode(caller, code)).toMatchObject({ ok: true });
  });

  it("as needs_2fa, and again if it comes twice", async () => {
    const { account, caller, code } = await awaitingPassword();
    expect(await account.verifyCode(caller, code)).toMatchObject({ ok: false, code: "needs_2fa" });
  });
});

describe.concurrent("a password is refused", () => {
  it("as invalid_password; the right one signs in", async () => {
    const { account, caller } = await awaitingPassword();
    const refusal = { ok: false, code: "invalid_password", reason: "password_hash_invalid" };
    expect(await account.verifyPassword(caller, "wrong")).toEqual(refusal);
    expect(await account.state(caller)).toMatchObject({ ok: true, state: "none" });
    expect(await account.verifyPassword(caller, PASSWORD)).toMatchObject({ ok: true, state: "signed_in" });
  });

  it("as expired before the code, for another user, and after 15 minutes", async () => {
    const refusal = { ok: false, code: "expired", reason: "no_code" };
    const early = await awaitingCode({ password: PASSWORD });
    expect(await early.account.verifyPassword(early.caller, PASSWORD)).toEqual(refusal);
    const { account, caller } = await awaitingPassword();
    expect(await account.verifyPassword(newCaller(), PASSWORD)).toEqual(refusal);
    await letExpire(account);
    expect(await account.verifyPassword(caller, PASSWORD)).toEqual(refusal);
  });

  it("as expired if it was taken away after the code", async () => {
    const { account, caller, phone } = await awaitingPassword();
    await standIn.change(phone, { password: null });
    expect(await account.verifyPassword(caller, PASSWORD)).toMatchObject({ ok: false, code: "expired" });
  });

  it("as flood_wait for a day after too many", async () => {
    const { account, caller, phone } = await awaitingPassword();
    await standIn.plan({ phone, method: "auth.checkPassword", error: [406, "PHONE_PASSWORD_FLOOD"] });
    expect(await account.verifyPassword(caller, PASSWORD)).toMatchObject({
      code: "flood_wait",
      seconds: 86_400,
    });
  });

  it.each(["SRP_ID_INVALID", "SRP_PASSWORD_CHANGED"])(
    "but not for a stale challenge (%s): a new one is asked for, once",
    async (text) => {
      const { account, caller, phone } = await awaitingPassword();
      const stale = { phone, method: "auth.checkPassword", error: [400, text] as [number, string] };
      await standIn.plan({ ...stale, times: 2 });
      expect(await account.verifyPassword(caller, PASSWORD)).toMatchObject({
        ok: false,
        code: "unavailable",
      });
      await standIn.plan(stale);
      expect(await account.verifyPassword(caller, PASSWORD)).toMatchObject({ ok: true, state: "signed_in" });
    },
  );

  it("but taken if two-step verification was switched on after the code was sent", async () => {
    const { account, caller, phone, code } = await awaitingCode();
    await standIn.change(phone, { password: PASSWORD });
    expect(await account.verifyCode(caller, code)).toMatchObject({ ok: false, code: "needs_2fa" });
    expect(await account.verifyPassword(caller, PASSWORD)).toMatchObject({ ok: true, state: "signed_in" });
  });
});

describe.concurrent("a sign-in", () => {
  it("tells who is signed in", async () => {
    const { account, caller, code } = await awaitingCode();
    const verified = await account.verifyCode(caller, code);
    expect(verified).toEqual({ ok: true, state: "signed_in", id: expect.any(Number), firstName: "Ali" });
    expect(await account.state(caller)).toEqual(verified);
  });

  it("is over with: neither code nor password count again", async () => {
    const { account, caller, code } = await awaitingCode();
    expect(await account.verifyCode(caller, code)).toMatchObject({ ok: true });
    expect(await account.verifyCode(caller, code)).toMatchObject({ ok: false, code: "expired" });
    expect(await account.verifyPassword(caller, PASSWORD)).toMatchObject({ ok: false, code: "expired" });
  });

  it("holds though Telegram's answer was lost", async () => {
    const { account, caller, phone, code } = await awaitingCode();
    await standIn.plan({ phone, method: "auth.signIn", isLost: true });
    expect(await account.verifyCode(caller, code)).toMatchObject({ ok: true, state: "signed_in" });
    expect((await standIn.phone(phone)).signedIn).toBe(1);
  });

  it.each(["NETWORK_MIGRATE_4", "USER_MIGRATE_4"])("moves to the data centre of %s", async (error) => {
    const { account, caller, phone } = await newPerson({ dc: 4 });
    await standIn.plan({ phone, method: "auth.sendCode", error: [303, error] });
    expect(await account.sendCode(caller)).toEqual({ ok: true });
    await kill(phone);
    const again = accountOf(phone);
    expect(await again.verifyCode(caller, await codeOf(phone))).toMatchObject({ ok: true });
    expect(await standIn.phone(phone)).toMatchObject({ signedIn: 1, mostConnections: 1 });
  });

  it("that nobody heard the end of is of no use to the next user", async () => {
    const { caller, phone, code } = await awaitingCode();
    const { code_hash: hash } = await inside(accountOf(phone), ({ sql }) =>
      sql.exec<{ code_hash: string }>("SELECT code_hash FROM account").one(),
    );
    await withConnection(phone, (call) =>
      call({ _: "auth.signIn", phoneNumber: phone, phoneCodeHash: hash, phoneCode: code }),
    );
    const account = accountOf(phone);
    await letExpire(account);
    await forgetCodes(account);
    const other = newCaller();
    expect(await account.sendCode(other)).toEqual({ ok: true });
    await standIn.expireCode(phone);
    expect(await account.verifyCode(other, wrong(code))).toMatchObject({ ok: false, code: "expired" });
    expect(await account.state(caller)).toMatchObject({ ok: true, state: "none" });
  });

  it("is counted for nothing if the call surely has not left", async () => {
    const { account, caller } = await newPerson();
    await inside(account, async (storage) => {
      for (const mayHaveArrived of [false, true]) {
        const call = () => Promise.reject(new NoAnswer(mayHaveArrived));
        const refused = sendCode({ ...contextOf(storage, "1"), call }, caller);
        await expect(refused).rejects.toMatchObject({
          code: "unavailable",
          reason: expect.stringContaining("cannot be reached"),
        });
        const { codes } = storage.sql.exec<{ codes: string }>("SELECT codes FROM account").one();
        expect(JSON.parse(codes)).toHaveLength(mayHaveArrived ? 1 : 0);
      }
    });
  });

  it("is forgotten after 15 minutes, with its key", async () => {
    const { account, caller } = await awaitingCode();
    await letExpire(account);
    await inside(account, async (storage, object) => {
      expect(await storage.getAlarm()).not.toBeNull();
      await object.alarm();
      const { code_hash, pending_until } = storage.sql.exec("SELECT * FROM account").one();
      expect([code_hash, pending_until]).toEqual([null, null]);
      expect(storage.sql.exec("SELECT * FROM auth_keys").toArray()).toEqual([]);
    });
    expect(await account.state(caller)).toMatchObject({ ok: true, state: "none" });
  });
});

describe.concurrent("a forgotten account", () => {
  it("is gone at once, and its session ends at Telegram", async () => {
    const { account, caller, phone } = await signedIn();
    expect(await account.forget(newCaller())).toMatchObject({ ok: false, code: "not_found" });
    expect(await account.forget(caller)).toEqual({ ok: true });
    expect(await account.state(caller)).toEqual({ ok: true, state: "none", id: null, firstName: null });
    expect(await account.groups(caller)).toMatchObject({ ok: false, code: "not_found" });
    await waitFor(async () => expect((await standIn.phone(phone)).signedIn).toBe(0));
    await waitFor(() =>
      inside(account, ({ sql }) => expect(sql.exec("SELECT * FROM auth_keys").toArray()).toEqual([])),
    );
    expect(await account.forget(caller)).toEqual({ ok: true });
  });

  it("ends at Telegram though the object has died since", async () => {
    const { account, phone } = await signedIn();
    const at = Date.now() + 1000;
    await runInDurableObject(account as unknown as DurableObjectStub, async (_, state) => {
      state.storage.sql.exec(
        "UPDATE account SET user = NULL, state = 'leaving', leaving_until = ?, leaving_at = ?",
        ...[at + 3600_000, at],
      );
      await state.storage.setAlarm(at);
      await state.storage.sync();
      setTimeout(() => state.abort("killed by a test"), 1);
    });
    // Nobody calls the object by its name.
    await waitFor(async () => expect((await standIn.phone(phone)).signedIn).toBe(0));
  });

  it("may be signed in by anybody, at once", async () => {
    const { account, caller, phone } = await signedIn();
    const other = newCaller();
    await forgetCodes(account);
    expect(await account.forget(caller)).toEqual({ ok: true });
    expect(await account.sendCode(other)).toEqual({ ok: true });
    expect(await account.verifyCode(other, await codeOf(phone))).toMatchObject({ ok: true });
    expect((await standIn.phone(phone)).signedIn).toBe(1);
    expect(await account.state(caller)).toMatchObject({ ok: false, code: "not_found" });
  });

  it("calls Telegram no more, and so does not disturb who signs in next", async () => {
    const { account, caller, phone } = await signedIn();
    const method = "messages.getDialogs";
    await standIn.plan({ phone, method, error: [420, "FLOOD_WAIT_6"] });
    const groups = account.groups(caller);
    await waitFor(async () => expect((await standIn.phone(phone)).calls[method]).toBe(1));
    expect(await account.forget(caller)).toEqual({ ok: true });
    await forgetCodes(account);
    const other = newCaller();
    expect(await account.sendCode(other)).toEqual({ ok: true });
    const keys = () => inside(account, ({ sql }) => sql.exec("SELECT * FROM auth_keys").toArray());
    const before = await keys();
    expect(before).toHaveLength(1);
    expect(await groups).toMatchObject({ ok: false, code: "not_found" });
    expect(await keys()).toEqual(before);
    expect((await standIn.phone(phone)).calls[method]).toBe(1);
    expect(await account.verifyCode(other, await codeOf(phone))).toMatchObject({ ok: true });
  });

  it("is asked of Telegram again while it is away, and its key destroyed after a day", async () => {
    const { account, caller, phone } = await signedIn();
    await standIn.plan({ phone, method: "auth.logOut", error: [400, "OUT_OF_ORDER"], times: 0 });
    expect(await account.forget(caller)).toEqual({ ok: true });
    const rowOf = () => inside(account, ({ sql }) => sql.exec("SELECT * FROM account").one());
    await waitFor(async () => expect((await standIn.phone(phone)).calls["auth.logOut"]).toBe(1));
    const wait = await waitFor(async () => {
      const { leaving_at: next } = await rowOf();
      expect(next).toBeGreaterThan(Date.now());
      return Number(next) - Date.now();
    });
    expect(wait).toBeLessThanOrEqual(60_000);
    expect(await rowOf()).toMatchObject({ state: "leaving", user: null });
    await inside(account, async ({ sql }, object) => {
      sql.exec("UPDATE account SET leaving_until = ?1, leaving_at = ?1", Date.now() - 1);
      await object.alarm();
      expect(sql.exec("SELECT * FROM auth_keys").toArray()).toEqual([]);
      expect(sql.exec("SELECT * FROM account").one()).toMatchObject({ state: "none", leaving_at: null });
    });
  });
});
