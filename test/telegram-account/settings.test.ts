import { runInDurableObject } from "cloudflare:test";
import { describe, expect, it } from "vitest";
import { TelegramAccount } from "../../src/telegram-account/account.ts";
import type { TelegramAccountEnv } from "../../src/telegram-account/env.ts";
import { Refused } from "../../src/telegram-account/errors.ts";
import { requireSettings, settingsOf } from "../../src/telegram-account/settings.ts";
import { accountOf, bindings, newCaller, newPhone } from "./support/account.ts";

const KEY = btoa("0".repeat(32));
const SET = { TELEGRAM_API_ID: "7", TELEGRAM_API_HASH: "hash", TELEGRAM_SESSION_KEY: KEY };
const envWith = (changes: Partial<TelegramAccountEnv>): TelegramAccountEnv => ({
  ATTACHMENTS: bindings.ATTACHMENTS,
  ...SET,
  ...changes,
});

/** What a refusal says. */
function reasonOf(work: () => unknown): string {
  try {
    work();
  } catch (error) {
    if (error instanceof Refused && error.code === "unavailable") return error.reason;
  }
  return "not refused";
}

describe("the script's settings", () => {
  it.each<[string, Partial<TelegramAccountEnv>]>([
    ["Set TELEGRAM_API_ID: a whole number", { TELEGRAM_API_ID: "" }],
    ["Set TELEGRAM_API_ID: a whole number", { TELEGRAM_API_ID: "seven" }],
    ["Set TELEGRAM_API_HASH", { TELEGRAM_API_HASH: "" }],
    ["Set TELEGRAM_SESSION_KEY", { TELEGRAM_SESSION_KEY: "" }],
    ["TELEGRAM_SESSION_KEY is not base64", { TELEGRAM_SESSION_KEY: "%" }],
    ["TELEGRAM_SESSION_KEY has not 32 bytes", { TELEGRAM_SESSION_KEY: btoa("short") }],
    ["TELEGRAM_SESSION_KEY_PREVIOUS has not 32 bytes", { TELEGRAM_SESSION_KEY_PREVIOUS: btoa("short") }],
    ["TELEGRAM_DC is not host:port", { TELEGRAM_DC: "127.0.0.1" }],
    ["Set TELEGRAM_DC_KEY", { TELEGRAM_DC: "127.0.0.1:443" }],
  ])("refuses as unavailable, and tells the operator: %s", (reason, changes) => {
    expect(reasonOf(() => settingsOf(envWith(changes)))).toBe(reason);
  });

  it("without TELEGRAM_DC, a caller of a stand-in alone is refused", () => {
    const caller = { user: 1, isStandInOnly: true };
    expect(reasonOf(() => requireSettings(envWith({}), caller))).toContain("TELEGRAM_DC");
    expect(requireSettings(envWith({}), { ...caller, isStandInOnly: false })).toBeUndefined();
    const standIn = { TELEGRAM_DC: "127.0.0.1:443", TELEGRAM_DC_KEY: "pem" };
    expect(requireSettings(envWith(standIn), caller)).toBeUndefined();
  });
});

describe("an account without settings", () => {
  it("is unavailable for all that asks Telegram, and can be looked at and forgotten", async () => {
    const phone = newPhone();
    const caller = newCaller({ isStandInOnly: false });
    await runInDurableObject(accountOf(phone) as unknown as DurableObjectStub, async (_, state) => {
      const account = new TelegramAccount(state as DurableObjectState, { ATTACHMENTS: bindings.ATTACHMENTS });
      const post = { peer: -1, accessHash: null, randomId: "1", text: "x", media: null, triedAt: null };
      const refusal = { ok: false, code: "unavailable", reason: "Set TELEGRAM_API_ID: a whole number" };
      expect(await account.ready(caller)).toEqual(refusal);
      expect(await account.sendCode(caller)).toEqual(refusal);
      expect(await account.verifyCode(caller, "12345")).toEqual(refusal);
      expect(await account.verifyPassword(caller, "secret")).toEqual(refusal);
      expect(await account.groups(caller)).toEqual(refusal);
      expect(await account.send(caller, post)).toEqual(refusal);
      expect(await account.state(caller)).toEqual({ ok: true, state: "none", id: null, firstName: null });
      expect(await account.forget(caller)).toEqual({ ok: true });
    });
  });

  it("is unavailable to those who may ask a stand-in alone, if it would ask Telegram", async () => {
    await runInDurableObject(accountOf(newPhone()) as unknown as DurableObjectStub, async (_, state) => {
      const account = new TelegramAccount(state as DurableObjectState, envWith({}));
      const refusal = { ok: false, code: "unavailable", reason: expect.stringContaining("TELEGRAM_DC") };
      expect(await account.sendCode(newCaller())).toEqual(refusal);
      expect(await account.ready(newCaller())).toEqual(refusal);
      expect(await account.ready(newCaller({ isStandInOnly: false }))).toEqual({ ok: true });
    });
    expect(await accountOf(newPhone()).ready(newCaller())).toEqual({ ok: true });
  });
});
