import type { AccountContext } from "../context.ts";
import type { AccountState, Caller } from "../contract.ts";

/** Signs in by the password of two-step verification. @throws Refused with a SignInCode */
export async function verifyPassword(
  _account: AccountContext,
  _caller: Caller,
  _password: string,
): Promise<AccountState> {
  throw new Error("FRAME");
}
