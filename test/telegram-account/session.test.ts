import { Long, type tl } from "@mtcute/core";
import { serializeBasicDcOption } from "@mtcute/core/utils.js";
import { describe, expect, it, vi } from "vitest";
import type { Fault } from "../../dev/telegram/contract.ts";
import { Connection } from "../../src/telegram-account/client/connection.ts";
import { open } from "../../src/telegram-account/client/seal.ts";
import type { TelegramAccountEnv } from "../../src/telegram-account/env.ts";
import { NoAnswer, Refused, TelegramError } from "../../src/telegram-account/errors.ts";
import { settingsOf } from "../../src/telegram-account/settings.ts";
import { waitFor } from "../support/wait.ts";
import {
  accountOf,
  bindings,
  codeOf,
  forgetCodes,
  inside,
  kill,
  newCaller,
  newPerson,
  signedIn,
  withConnection,
} from "./support/account.ts";
import { standIn } from "./support/stand-in.ts";

/** A call that changes nothing. */
const ME: tl.users.RawGetUsersRequest = { _: "users.getUsers", id: [{ _: "inputUserSelf" }] };

const keysIn = (phone: string) =>
  inside(accountOf(phone), ({ sql }) =>
    sql.exec<{ dc: number; sealed: ArrayBuffer }>("SELECT * FROM auth_keys ORDER BY dc").toArray(),
  );

/** The bytes of all that an object stores. */
async function stored(phone: string): Promise<string> {
  return inside(accountOf(phone), ({ sql, kv }) => {
    const tables = sql
      .exec<{ name: string }>("SELECT name FROM sqlite_master WHERE type = 'table'")
      .toArray();
    const rows = tables
      .filter(({ name }) => !name.startsWith("_cf_"))
      .flatMap(({ name }) => sql.exec(`SELECT * FROM "${name}"`).toArray());
    const values = [...rows.flatMap(Object.values), ...Array.from(kv.list(), ([, value]) => value)];
    return values
      .map((value) => (value instanceof ArrayBuffer ? latin1(new Uint8Array(value)) : JSON.stringify(value)))
      .join("\n");
  });
}

const latin1 = (bytes: Uint8Array): string => Array.from(bytes, (byte) => String.fromCharCode(byte)).join("");

/** What is logged until the end of the work. */
async function logged(work: () => Promise<void>): Promise<string> {
  const lines: unknown[] = [];
  const levels = ["log", "info", "warn", "error", "debug"] as const;
  const spies = levels.map((level) =>
    vi.spyOn(console, level).mockImplementation((...args) => void lines.push(...args)),
  );
  try {
    await work();
  } finally {
    for (const spy of spies) spy.mockRestore();
  }
  return lines.map(String).join("\n");
}

describe.concurrent("a session", () => {
  it("outlives the object, with no new key and no row written", async () => {
    const { caller, phone } = await signedIn();
    const before = await keysIn(phone);
    await withConnection(phone, async (call, _, { sql }) => {
      const size = sql.exec("SELECT total_changes() AS n").one();
      expect(await call(ME)).toMatchObject([{ _: "user", firstName: "Ali" }]);
      expect(sql.exec("SELECT total_changes() AS n").one()).toEqual(size);
    });
    expect(await keysIn(phone)).toEqual(before);
    expect(await accountOf(phone).state(caller)).toMatchObject({ ok: true, state: "signed_in" });
  });

  it("begins in three rows besides its alarm", async () => {
    const { phone, caller } = await newPerson();
    let written = 0;
    await inside(accountOf(phone), ({ sql }) => {
      const exec = sql.exec.bind(sql);
      vi.spyOn(sql, "exec").mockImplementation((...args: Parameters<typeof exec>) => {
        const cursor = exec(...args);
        written += cursor.rowsWritten;
        return cursor;
      });
    });
    expect(await accountOf(phone).sendCode(caller)).toEqual({ ok: true });
    expect(await accountOf(phone).verifyCode(caller, await codeOf(phone))).toMatchObject({ ok: true });
    expect(written).toBe(3);
  });

  it("goes on in the middle of a sign-in", async () => {
    const password = "my2fapassword";
    const { phone, caller } = await newPerson({ password });
    expect(await accountOf(phone).sendCode(caller)).toEqual({ ok: true });
    await kill(phone);
    const verified = await accountOf(phone).verifyCode(caller, await codeOf(phone));
    expect(verified).toMatchObject({ ok: false, code: "needs_2fa" });
    await kill(phone);
    expect(await accountOf(phone).verifyPassword(caller, password)).toMatchObject({ ok: true });
  });

  it("moves to the data centre of the phone, and stays there", async () => {
    const { phone } = await signedIn({ dc: 4 });
    expect((await keysIn(phone)).map(({ dc }) => dc)).toContain(4);
    await withConnection(phone, async (call) => {
      expect(await call(ME)).toMatchObject([{ _: "user" }]);
    });
    expect(await standIn.phone(phone)).toMatchObject({ signedIn: 1, mostConnections: 1 });
  });

  it("has one connection at a time, in 20 connections and 20 restarts", async () => {
    const { phone } = await signedIn();
    await withConnection(phone, async (call, connection) => {
      for (let times = 0; times < 20; times++) {
        expect(await Promise.all([call(ME), call(ME)])).toHaveLength(2);
        // The next call need not wait for it.
        void connection.close();
      }
    });
    for (let times = 0; times < 20; times++) await withConnection(phone, async (call) => call(ME));
    expect(await standIn.phone(phone)).toMatchObject({ signedIn: 1, mostConnections: 1 });
  });

  it("has one connection at a time, in an upload whose connection is cut", async () => {
    const { phone } = await signedIn();
    const part = { phone, method: "upload.saveBigFilePart" };
    await standIn.plan({ ...part, skip: 1, cut: "before" }, { ...part, skip: 4, isLost: true });
    await withConnection(phone, async (call) => {
      const fileId = Long.fromNumber(Date.now());
      for (let filePart = 0; filePart < 6; filePart++) {
        const bytes = new Uint8Array(512 * 1024).fill(filePart);
        const saved = { _: "upload.saveBigFilePart", fileId, filePart, fileTotalParts: 6, bytes } as const;
        expect(await call(saved, { timeoutMs: 60_000 })).toBe(true);
      }
    });
    expect((await standIn.phone(phone)).mostConnections).toBe(1);
  });

  it("would end by a second connection, as the test before would see", async () => {
    const { phone, caller } = await signedIn();
    await withConnection(phone, async (call, _, { sql }) => {
      await call(ME);
      const second = new Connection({ sql, env: bindings, phone });
      await expect(second.call(ME)).rejects.toMatchObject({ reason: "auth_key_duplicated" });
      await second.close();
    });
    expect((await standIn.phone(phone)).mostConnections).toBe(2);
    expect(await accountOf(phone).state(caller)).toMatchObject({ state: "signed_out" });
  });

  it("closes its connection some seconds after the last call", async () => {
    const { phone } = await signedIn();
    expect((await standIn.phone(phone)).openConnections).toBe(1);
    await waitFor(async () => expect((await standIn.phone(phone)).openConnections).toBe(0));
  });
});

describe.concurrent("a session ends", () => {
  const errors: [code: number, text: string][] = [
    [401, "AUTH_KEY_UNREGISTERED"],
    [401, "AUTH_KEY_INVALID"],
    [401, "SESSION_REVOKED"],
    [401, "SESSION_EXPIRED"],
    [401, "USER_DEACTIVATED"],
    [401, "USER_DEACTIVATED_BAN"],
    [406, "AUTH_KEY_DUPLICATED"],
  ];

  it.each(errors)("after %s %s: its key is destroyed, and its user may sign in again", async (...error) => {
    const { caller, phone } = await signedIn();
    await standIn.plan({ phone, method: "users.getUsers", error });
    await withConnection(phone, async (call) => {
      const refusal = { code: "signed_out", reason: error[1].toLowerCase() };
      await expect(call(ME)).rejects.toMatchObject(refusal);
    });
    expect(await keysIn(phone)).toEqual([]);
    const account = accountOf(phone);
    expect(await account.state(caller)).toMatchObject({ ok: true, state: "signed_out", firstName: "Ali" });
    expect(await account.groups(caller)).toMatchObject({ ok: false, code: "signed_out" });
    expect(await account.groups(newCaller())).toMatchObject({ ok: false, code: "not_found" });
    await forgetCodes(account);
    expect(await account.sendCode(newCaller())).toMatchObject({ ok: false, code: "account_exists" });
    expect(await account.sendCode(caller)).toEqual({ ok: true });
    expect(await account.verifyCode(caller, await codeOf(phone))).toMatchObject({ state: "signed_in" });
  });

  it("when Telegram has revoked it", async () => {
    const { caller, phone } = await signedIn();
    await standIn.revoke(phone);
    await withConnection(phone, (call) => expect(call(ME)).rejects.toMatchObject({ code: "signed_out" }));
    expect(await accountOf(phone).state(caller)).toMatchObject({ state: "signed_out" });
  });

  it("when Telegram has forgotten its key", async () => {
    const { caller, phone } = await signedIn();
    await standIn.plan({ phone, effect: "forget-key" });
    await withConnection(phone, (call) => expect(call(ME)).rejects.toMatchObject({ code: "signed_out" }));
    expect(await keysIn(phone)).toEqual([]);
    expect(await accountOf(phone).state(caller)).toMatchObject({ state: "signed_out" });
  });
});

describe.concurrent("a call", () => {
  const faults: [name: string, fault: Fault][] = [
    ["a salt that is not the data centre's", { effect: "bad-salt" }],
    ["a clock that is off by an hour", { effect: "clock" }],
    ["a clock that is off for all of a connection", { method: "connect", effect: "clock" }],
    ["updates that nobody asked for", { effect: "updates" }],
    ["a constructor that is unknown", { effect: "unknown-constructor" }],
    ["a connection that is cut before", { cut: "before" }],
    ["a connection that is cut within the answer", { cut: "within" }],
    ["an answer that is lost", { isLost: true }],
    ["an error 500", { error: [500, "INTERNAL"] }],
  ];

  it.each(faults)("is answered in spite of %s", async (_, fault) => {
    const { phone } = await signedIn();
    await standIn.plan({ phone, method: "users.getUsers", ...fault });
    await withConnection(phone, async (call) => {
      expect(await call(ME)).toMatchObject([{ _: "user", firstName: "Ali" }]);
    });
    expect((await standIn.phone(phone)).mostConnections).toBe(1);
  });

  it("is answered once the data centre is back", async () => {
    const { phone } = await signedIn();
    await standIn.plan({ phone, method: "connect", cut: "before", times: 0 });
    await withConnection(phone, async (call) => {
      const answer = call(ME);
      setTimeout(() => void standIn.clear(phone), 1000);
      expect(await answer).toMatchObject([{ _: "user" }]);
    });
  });

  it("without an answer may have arrived, and the next has a new connection", async () => {
    const { phone } = await signedIn();
    await standIn.plan({ phone, method: "users.getUsers", isSilent: true, times: 0 });
    await withConnection(phone, async (call) => {
      const lost = { constructor: NoAnswer, mayHaveArrived: true };
      await expect(call(ME, { timeoutMs: 500 })).rejects.toMatchObject(lost);
      await standIn.clear(phone);
      expect(await call(ME)).toMatchObject([{ _: "user" }]);
    });
    expect((await standIn.phone(phone)).mostConnections).toBe(1);
  });

  it("surely has not arrived where nothing listens", async () => {
    const { phone } = await signedIn();
    const work = (call: Parameters<Parameters<typeof withConnection>[1]>[0]) =>
      expect(call(ME, { timeoutMs: 500 })).rejects.toMatchObject({ mayHaveArrived: false });
    await withConnection(phone, work, { TELEGRAM_DC: "127.0.0.1:1" });
  });

  it("goes to no data centre of Telegram's own, whatever the storage names", async () => {
    const { phone } = await signedIn();
    const named = serializeBasicDcOption({ id: 2, ipAddress: "149.154.167.50", port: 443 });
    await inside(accountOf(phone), ({ sql }) => {
      sql.exec("INSERT INTO client_values (name, value) VALUES ('dc_main', ?)", new Uint8Array(named));
    });
    await withConnection(phone, (call) =>
      expect(call(ME, { timeoutMs: 500 })).rejects.toMatchObject({ mayHaveArrived: false }),
    );
    expect((await standIn.phone(phone)).calls["users.getUsers"]).toBeUndefined();
  });

  it("fails when its connection is closed", async () => {
    const { phone } = await signedIn();
    await standIn.plan({ phone, method: "users.getUsers", isSilent: true });
    await withConnection(phone, async (call, connection) => {
      const failed = expect(call(ME)).rejects.toBeInstanceOf(NoAnswer);
      await waitFor(async () => expect((await standIn.phone(phone)).calls["users.getUsers"]).toBe(1));
      await connection.close();
      await failed;
    });
  });

  it.each([
    ["FLOOD_WAIT", 3],
    ["SLOWMODE_WAIT", 3],
    ["FLOOD_PREMIUM_WAIT", 3],
  ])("waits for no %s, and holds up no other call", async (text, number) => {
    const { phone } = await signedIn();
    await standIn.plan({ phone, method: "users.getUsers", error: [420, `${text}_${number}`] });
    await withConnection(phone, async (call) => {
      await expect(call(ME)).rejects.toMatchObject({ constructor: TelegramError, code: 420, text, number });
      expect(await call(ME)).toMatchObject([{ _: "user" }]);
    });
  });

  it("is not repeated after RANDOM_ID_DUPLICATE", async () => {
    const { phone } = await signedIn();
    await standIn.plan({ phone, method: "users.getUsers", error: [500, "RANDOM_ID_DUPLICATE"] });
    await withConnection(phone, (call) =>
      expect(call(ME)).rejects.toMatchObject({ text: "RANDOM_ID_DUPLICATE" }),
    );
    expect((await standIn.phone(phone)).calls["users.getUsers"]).toBe(1);
  });
});

describe("the key of a session", () => {
  const OTHER = btoa("k".repeat(32));
  const rotated: Partial<TelegramAccountEnv> = {
    TELEGRAM_SESSION_KEY: OTHER,
    TELEGRAM_SESSION_KEY_PREVIOUS: bindings.TELEGRAM_SESSION_KEY ?? "",
  };

  const openKey = async (phone: string, env: Partial<TelegramAccountEnv> = {}) => {
    const [row] = await keysIn(phone);
    const { keys } = settingsOf({ ...bindings, ...env });
    return open(keys, `${phone}/2`, new Uint8Array(row?.sealed ?? new ArrayBuffer()));
  };

  it("is sealed: neither it nor code nor password lies in the storage or in a log", async () => {
    const password = "my-very-own-2fa-password";
    let [code, hash] = ["", ""];
    let phone = "";
    const log = await logged(async () => {
      const person = await newPerson({ password });
      phone = person.phone;
      await person.account.sendCode(person.caller);
      code = await codeOf(phone);
      hash = await inside(person.account, ({ sql }) =>
        String(sql.exec("SELECT code_hash FROM account").one().code_hash),
      );
      await person.account.verifyCode(person.caller, "99999");
      await person.account.verifyCode(person.caller, code);
      await person.account.verifyPassword(person.caller, "a-wrong-password");
      expect(await person.account.verifyPassword(person.caller, password)).toMatchObject({ ok: true });
      await inside(person.account, (_, object) => object.alarm());
    });
    const { bytes } = await openKey(phone);
    expect(bytes).toHaveLength(256);
    const storage = await stored(phone);
    const secrets = [latin1(bytes), bytes.toHex(), bytes.toBase64(), password, "a-wrong-password", hash];
    for (const text of [storage, log]) {
      for (const secret of secrets) expect(text.includes(secret)).toBe(false);
    }
    expect(new RegExp(`\\b${code}\\b`).test(storage)).toBe(false);
    expect(new RegExp(`\\b${code}\\b`).test(log)).toBe(false);
    expect(storage).toContain("Ali");
    expect(log).toContain("alarm");
  });

  it("is sealed again by a new key of the operator, and the session goes on", async () => {
    const { phone } = await signedIn();
    const { bytes } = await openKey(phone);
    await withConnection(phone, async (call) => expect(await call(ME)).toHaveLength(1), rotated);
    const again = await openKey(phone, { TELEGRAM_SESSION_KEY: OTHER });
    expect(again).toEqual({ bytes, isCurrent: true });
    await expect(openKey(phone)).rejects.toBeInstanceOf(Refused);
  });

  it("stays as it is where no key of the operator opens it", async () => {
    const { phone, caller } = await signedIn();
    const before = await keysIn(phone);
    const lost = { TELEGRAM_SESSION_KEY: OTHER };
    await withConnection(
      phone,
      async (call) => {
        for (let times = 0; times < 2; times++) {
          await expect(call(ME)).rejects.toMatchObject({ constructor: Refused, code: "unavailable" });
        }
      },
      lost,
    );
    expect(await keysIn(phone)).toEqual(before);
    expect(await accountOf(phone).state(caller)).toMatchObject({ state: "signed_in" });
    await withConnection(phone, async (call) => expect(await call(ME)).toHaveLength(1));
  });

  it("opens for no other account", async () => {
    const [mine, theirs] = [await signedIn(), await signedIn()];
    const [stolen] = await keysIn(theirs.phone);
    await inside(mine.account, ({ sql }) => {
      sql.exec("UPDATE auth_keys SET sealed = ?", stolen?.sealed ?? null);
    });
    await withConnection(mine.phone, (call) =>
      expect(call(ME)).rejects.toMatchObject({ code: "unavailable" }),
    );
  });
});
