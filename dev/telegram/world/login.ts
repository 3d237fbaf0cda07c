import { randomBytes, randomInt } from "node:crypto";
import { Long, type tl } from "@mtcute/core";
import { type Caller, RpcError } from "../wire/handler.ts";
import type { Methods } from "./methods.ts";
import { challenge, check } from "./password.ts";
import type { Account, LoginCode } from "./state.ts";
import { userView } from "./views.ts";
import type { World } from "./world.ts";

/** In milliseconds. */
const CODE_LIVES = 10 * 60_000;

/** Uzbek numbers have twelve digits. */
const PHONE = /^(998\d{9}|(?!998)\d{7,15})$/;

const PAYMENT_FIRST: tl.auth.RawSentCodePaymentRequired = {
  ...{ _: "auth.sentCodePaymentRequired", storeProduct: "code", phoneCodeHash: "", premiumDays: 7 },
  ...{ supportEmailAddress: "", supportEmailSubject: "", currency: "USD", amount: Long.fromNumber(100) },
};

export const login: Methods = {
  "auth.sendCode": (world, call, caller) => {
    if (call.apiId <= 0 || call.apiHash === "") throw new RpcError(400, "API_ID_INVALID");
    const account = accountOf(world, call.phoneNumber);
    if (account.isBanned) throw new RpcError(400, "PHONE_NUMBER_BANNED");
    if (account.dc !== caller.dc) throw new RpcError(303, `PHONE_MIGRATE_${account.dc}`);
    return sendCode(world, account, caller);
  },

  "auth.resendCode": (world, call, caller) => {
    const account = accountOf(world, call.phoneNumber);
    if (!isOwn(account.code, call.phoneCodeHash, caller)) throw new RpcError(400, "PHONE_CODE_EXPIRED");
    return sendCode(world, account, caller);
  },

  "auth.signIn": (world, call, caller) => {
    const account = accountOf(world, call.phoneNumber);
    if (account.isBanned) throw new RpcError(400, "PHONE_NUMBER_BANNED");
    const { code } = account;
    const isValid = isOwn(code, call.phoneCodeHash, caller) && !code.isUsed && world.now() < code.expiresAt;
    if (!isValid) throw new RpcError(400, "PHONE_CODE_EXPIRED");
    if (!call.phoneCode) throw new RpcError(400, "PHONE_CODE_EMPTY");
    if (call.phoneCode !== code.digits) throw new RpcError(400, "PHONE_CODE_INVALID");
    if (!account.isRegistered) return { _: "auth.authorizationSignUpRequired" };
    if (account.password !== null) {
      caller.key.pendingPhone = account.phone;
      throw new RpcError(401, "SESSION_PASSWORD_NEEDED");
    }
    return signIn(world, account, caller);
  },

  "account.getPassword": (world, _call, caller) => challenge(passwordOwner(world, caller), caller.key),

  "auth.checkPassword": async (world, { password }, caller) => {
    const account = passwordOwner(world, caller);
    if (password._ === "inputCheckPasswordEmpty") throw new RpcError(400, "PASSWORD_HASH_INVALID");
    await check(account, caller.key, password);
    return signIn(world, account, caller);
  },

  "auth.logOut": (world, _call, { key }) => {
    world.signedIn({ key, connection: 0, dc: key.dc });
    key.phone = null;
    return { _: "auth.loggedOut" };
  },

  "users.getUsers": (world, { id }, caller) => {
    const account = world.signedIn(caller);
    return id.map((user) => {
      const isSelf = user._ === "inputUserSelf" || (user._ === "inputUser" && user.userId === account.id);
      return isSelf ? userView(world, account, account) : { _: "userEmpty", id: 0 };
    });
  },
};

/** @throws RpcError for what is no phone number */
function accountOf(world: World, phoneNumber: string): Account {
  const phone = phoneNumber.replace(/\D/g, "");
  if (!PHONE.test(phone)) throw new RpcError(400, "PHONE_NUMBER_INVALID");
  // Telegram sends a code to any number, even one without an account.
  return world.accounts.get(phone) ?? world.addUser({ phone, isRegistered: false });
}

/** A code is for the key that asked for it, and for no other login. */
const isOwn = (code: LoginCode | null, hash: string, { key }: Caller): code is LoginCode =>
  code?.hash === hash && code.key === key.id;

function sendCode(world: World, account: Account, { key }: Caller): tl.auth.TypeSentCode {
  if (account.codeNeeds === "email") {
    return { _: "auth.sentCode", type: { _: "auth.sentCodeTypeSetUpEmailRequired" }, phoneCodeHash: "" };
  }
  if (account.codeNeeds === "payment") return PAYMENT_FIRST;
  const [hash, digits] = [randomBytes(9).toString("hex"), String(randomInt(10_000, 100_000))];
  account.code = { hash, digits, key: key.id, expiresAt: world.now() + CODE_LIVES, isUsed: false };
  account.codesSent++;
  return {
    _: "auth.sentCode",
    type: { _: "auth.sentCodeTypeApp", length: digits.length },
    phoneCodeHash: hash,
    timeout: 60,
  };
}

/** Whose password is due, or who is signed in. */
function passwordOwner(world: World, caller: Caller): Account {
  const { pendingPhone } = caller.key;
  const pending = pendingPhone === null ? undefined : world.accounts.get(pendingPhone);
  return pending ?? world.signedIn(caller);
}

function signIn(world: World, account: Account, { key }: Caller): tl.auth.RawAuthorization {
  if (account.isDeactivated) throw new RpcError(401, "USER_DEACTIVATED");
  world.enter(account, key);
  if (account.code) account.code.isUsed = true;
  return { _: "auth.authorization", user: userView(world, account, account) };
}
