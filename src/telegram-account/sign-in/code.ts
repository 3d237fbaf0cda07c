import type { AccountContext } from "../context.ts";
import type { AccountState, Caller } from "../contract.ts";

/** Has Telegram send a login code. @throws Refused with a SignInCode */
export async function sendCode(_account: AccountContext, _caller: Caller): Promise<object> {
  throw new Error("FRAME");
}

/** Signs in by the code. @throws Refused with a SignInCode */
export async function verifyCode(
  _account: AccountContext,
  _caller: Caller,
  _code: string,
): Promise<AccountState> {
  throw new Error("FRAME");
}
