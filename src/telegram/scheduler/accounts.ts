import type { Account, AccountDetail, SignIn } from "./contract.ts";
import type { Scheduler } from "./state.ts";

export function listAccounts(_scheduler: Scheduler): Account[] {
  throw new Error("FRAME");
}

export function showAccount(_scheduler: Scheduler, _phone: number): AccountDetail | null {
  throw new Error("FRAME");
}

export async function sendCode(_scheduler: Scheduler, _phone: number): Promise<SignIn> {
  throw new Error("FRAME");
}

export async function verifyCode(_scheduler: Scheduler, _phone: number, _code: string): Promise<SignIn> {
  throw new Error("FRAME");
}

export async function verifyPassword(
  _scheduler: Scheduler,
  _phone: number,
  _password: string,
): Promise<SignIn> {
  throw new Error("FRAME");
}

export async function removeAccount(_scheduler: Scheduler, _phone: number): Promise<boolean> {
  throw new Error("FRAME");
}

export async function resumeAccount(_scheduler: Scheduler, _phone: number): Promise<boolean> {
  throw new Error("FRAME");
}

export function settlesAt(_scheduler: Scheduler): number | null {
  throw new Error("FRAME");
}

export async function settleAccounts(_scheduler: Scheduler): Promise<void> {
  throw new Error("FRAME");
}
