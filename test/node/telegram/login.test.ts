import { computeSrpParams } from "@mtcute/core/utils.js";
import { describe, expect, it } from "vitest";
import { createCrypto } from "../../../dev/telegram/wire/crypto.ts";
import { type Client, createWorld, newPhone, refusalOf, sendCode, signIn } from "./client.ts";

const stage = createWorld();
const { world, connect } = stage;
const crypto = createCrypto();

const code = (phone: string) => world.accounts.get(phone)!.code!.digits;
const enter = ({ call }: Client, phoneNumber: string, phoneCodeHash: string, phoneCode: string) =>
  call("auth.signIn", { phoneNumber, phoneCodeHash, phoneCode });

async function prove({ call }: Client, password: string) {
  const asked = await call("account.getPassword", {});
  return call("auth.checkPassword", { password: await computeSrpParams(crypto, asked, password) });
}

/** A client whose code was right. @param password of two-step verification */
async function withPassword(password = "my2fapassword") {
  const { phone } = world.addUser({ phone: newPhone(), password });
  const client = connect();
  const hash = await sendCode(client, phone);
  return { client, phone, hash, entered: await refusalOf(enter(client, phone, hash, code(phone))) };
}

describe("a code", () => {
  it.each(["12345", "99890123456", "9989012345678", "salom"])(
    "is not sent to %s, which is no phone",
    async (phone) => {
      expect(await refusalOf(sendCode(connect(), phone))).toBe("400 PHONE_NUMBER_INVALID");
    },
  );

  it("is not sent to a banned phone", async () => {
    const account = world.addUser({ phone: newPhone() });
    account.isBanned = true;
    expect(await refusalOf(sendCode(connect(), account.phone))).toBe("400 PHONE_NUMBER_BANNED");
    expect(account.codesSent).toBe(0);
  });

  it.each([
    ["email", { _: "auth.sentCode", type: { _: "auth.sentCodeTypeSetUpEmailRequired" } }],
    ["payment", { _: "auth.sentCodePaymentRequired" }],
  ] as const)("is not sent where Telegram wants %s first", async (codeNeeds, answer) => {
    const { phone, codesSent } = world.addUser({ phone: newPhone(), codeNeeds });
    const asked = connect().call("auth.sendCode", {
      ...{ phoneNumber: phone, apiId: 1, apiHash: "hash", settings: { _: "codeSettings" } },
    });
    expect(await asked).toMatchObject(answer);
    expect([codesSent, world.accounts.get(phone)?.code]).toEqual([0, null]);
  });

  it("is sent by the data centre of the account alone", async () => {
    const { phone } = world.addUser({ phone: newPhone(), dc: 4 });
    expect(await refusalOf(sendCode(connect(2), phone))).toBe("303 PHONE_MIGRATE_4");
    expect(await sendCode(connect(4), phone)).toMatch(/^[0-9a-f]{18}$/);
  });

  it("is refused when it is empty, wrong, another login's, old, or used", async () => {
    const { phone } = world.addUser({ phone: newPhone() });
    const client = connect();
    const hash = await sendCode(client, phone);
    const digits = code(phone);
    expect(await refusalOf(enter(client, phone, hash, ""))).toBe("400 PHONE_CODE_EMPTY");
    const wrong = digits === "12345" ? "54321" : "12345";
    expect(await refusalOf(enter(client, phone, hash, wrong))).toBe("400 PHONE_CODE_INVALID");
    expect(await refusalOf(enter(client, phone, "other", digits))).toBe("400 PHONE_CODE_EXPIRED");
    world.accounts.get(phone)!.code!.expiresAt = 0;
    expect(await refusalOf(enter(client, phone, hash, digits))).toBe("400 PHONE_CODE_EXPIRED");
    const next = await sendCode(client, phone);
    expect(await refusalOf(enter(client, phone, hash, digits))).toBe("400 PHONE_CODE_EXPIRED");
    await enter(client, phone, next, code(phone));
    expect(await refusalOf(enter(client, phone, next, code(phone)))).toBe("400 PHONE_CODE_EXPIRED");
  });

  it("is for the client that asked for it, and is asked for with an api id", async () => {
    const { phone } = world.addUser({ phone: newPhone() });
    const phoneCodeHash = await sendCode(connect(), phone);
    expect(await refusalOf(enter(connect(), phone, phoneCodeHash, code(phone)))).toBe(
      "400 PHONE_CODE_EXPIRED",
    );
    const asked = connect().call("auth.sendCode", {
      ...{ phoneNumber: phone, apiId: 1, apiHash: "", settings: { _: "codeSettings" } },
    });
    expect(await refusalOf(asked)).toBe("400 API_ID_INVALID");
  });

  it("of a phone without an account asks to sign up", async () => {
    const phone = newPhone();
    const client = connect();
    const hash = await sendCode(client, phone);
    expect(await enter(client, phone, hash, code(phone))).toEqual({ _: "auth.authorizationSignUpRequired" });
    expect(client.key.phone).toBeNull();
  });

  it("signs in, and tells who it is", async () => {
    const { call, phone, account, key } = await signIn(stage);
    expect(key.phone).toBe(phone);
    const [self] = await call("users.getUsers", { id: [{ _: "inputUserSelf" }] });
    expect(self).toMatchObject({ _: "user", id: account.id, self: true, phone, firstName: "Ali" });
    expect(account.calls).toEqual({ "auth.sendCode": 1, "auth.signIn": 1, "users.getUsers": 1 });
  });
});

describe("a password", () => {
  it("is asked for after the code", async () => {
    const { client, entered } = await withPassword();
    expect(entered).toBe("401 SESSION_PASSWORD_NEEDED");
    expect(client.key).toMatchObject({ phone: null });
    const self = client.call("users.getUsers", { id: [{ _: "inputUserSelf" }] });
    expect(await refusalOf(self)).toBe("401 AUTH_KEY_UNREGISTERED");
  });

  it("that is wrong is refused, the right one signs in", async () => {
    const { client, phone } = await withPassword();
    expect(await refusalOf(prove(client, "wrong"))).toBe("400 PASSWORD_HASH_INVALID");
    expect(await prove(client, "my2fapassword")).toMatchObject({ user: { phone, self: true } });
    expect(client.key).toMatchObject({ phone, pendingPhone: null });
  });

  it("is proved once for each challenge", async () => {
    const { client } = await withPassword();
    const asked = await client.call("account.getPassword", {});
    const password = await computeSrpParams(crypto, asked, "wrong");
    expect(await refusalOf(client.call("auth.checkPassword", { password }))).toBe(
      "400 PASSWORD_HASH_INVALID",
    );
    expect(await refusalOf(client.call("auth.checkPassword", { password }))).toBe("400 SRP_ID_INVALID");
  });

  it("that changes meanwhile is no longer right", async () => {
    const { client, phone } = await withPassword("old");
    const asked = await client.call("account.getPassword", {});
    world.accounts.get(phone)!.password = "new";
    const password = await computeSrpParams(crypto, asked, "old");
    expect(await refusalOf(client.call("auth.checkPassword", { password }))).toBe("400 SRP_PASSWORD_CHANGED");
    expect(await prove(client, "new")).toMatchObject({ _: "auth.authorization" });
  });

  it("that is switched on between the code and its use is asked for", async () => {
    const { phone } = world.addUser({ phone: newPhone() });
    const client = connect();
    const hash = await sendCode(client, phone);
    world.accounts.get(phone)!.password = "sudden";
    expect(await refusalOf(enter(client, phone, hash, code(phone)))).toBe("401 SESSION_PASSWORD_NEEDED");
    expect(await prove(client, "sudden")).toMatchObject({ user: { phone } });
  });
});

describe("a session", () => {
  it("ends by a log-out", async () => {
    const { call, key } = await signIn(stage);
    expect(await call("auth.logOut", {})).toEqual({ _: "auth.loggedOut" });
    expect(key.phone).toBeNull();
    expect(await refusalOf(call("auth.logOut", {}))).toBe("401 AUTH_KEY_UNREGISTERED");
  });

  it("ends when it is revoked, as do all others of the phone", async () => {
    const one = await signIn(stage);
    const other = await signIn(stage, one.phone);
    const stranger = await signIn(stage);
    expect(world.sessionsOf(one.phone)).toMatchObject({ signedIn: 2 });
    world.revoke(one.phone);
    expect(world.sessionsOf(one.phone)).toMatchObject({ signedIn: 0 });
    for (const { call } of [one, other]) {
      expect(await refusalOf(call("updates.getState", {}))).toBe("401 AUTH_KEY_UNREGISTERED");
    }
    expect(await stranger.call("updates.getState", {})).toMatchObject({ _: "updates.state" });
  });

  it.each([
    ["isBanned", "401 USER_DEACTIVATED_BAN"],
    ["isDeactivated", "401 USER_DEACTIVATED"],
  ] as const)("of an account that %s is refused", async (state, refusal) => {
    const { call, account } = await signIn(stage);
    account[state] = true;
    expect(await refusalOf(call("updates.getState", {}))).toBe(refusal);
  });
});

describe("without a session", () => {
  it("the data centres are told, and any other method is refused", async () => {
    const { call } = connect(4);
    expect(await call("help.getConfig", {})).toMatchObject({
      thisDc: 4,
      dcOptions: [
        { id: 2, ipAddress: "127.0.0.1", port: 4002 },
        { id: 4, ipAddress: "127.0.0.1", port: 4004 },
      ],
    });
    expect(await refusalOf(call("channels.joinChannel", { channel: { _: "inputChannelEmpty" } }))).toBe(
      "400 INPUT_METHOD_INVALID",
    );
  });
});
