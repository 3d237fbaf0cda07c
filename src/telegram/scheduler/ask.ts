import { withDeadline } from "../../lib/deadline.ts";
import { log } from "../../platform/log.ts";
import type { Caller, Outcome, Refusal } from "../../telegram-account/contract.ts";
import { type AccountObject, accountObject, callerOf, type Scheduler } from "./state.ts";

/** `lost`: without an answer. The call may have been done. */
type Asked<T, Code extends string> = Outcome<T, Code> | Refusal<"lost" | "unavailable">;

/** How long an answer is waited for: to what the account knows itself, and to what it asks Telegram. */
export const OWN_ANSWER_MS = 20_000;
export const TELEGRAM_ANSWER_MS = 90_000;

const NO_SCRIPT = "Deploy xabar-telegram: without it no account can be reached";

/**
 * Asks the object of an account. A missing answer is a refusal too, and is logged. What is unavailable has as reason
 * what the operator, or the caller, can do.
 * @param ms how long the answer is waited for
 */
export async function ask<T, Code extends string>(
  scheduler: Scheduler,
  account: AccountObject | null,
  ms: number,
  call: (account: AccountObject, caller: Caller) => Promise<Outcome<T, Code>>,
): Promise<Asked<T, Code>> {
  if (!account) return { ok: false, code: "unavailable", reason: whyMissing(scheduler) };
  try {
    return await withDeadline(ms, () => call(account, callerOf(scheduler)));
  } catch (error) {
    // Said by workerd where the script of a binding is not running.
    if (error instanceof Error && /^Worker "[^"]*" not found/.test(error.message))
      return { ok: false, code: "unavailable", reason: NO_SCRIPT };
    log("warn", "telegram.account_lost", { user: scheduler.user, error });
    return { ok: false, code: "lost", reason: "Telegram cannot be reached: try again in a minute" };
  }
}

const whyMissing = ({ ctx }: Scheduler): string =>
  (ctx.env as Partial<Env>).TELEGRAM_ACCOUNT
    ? "Read docs/telegram.md and set TELEGRAM_TERMS_ACCEPTED=yes: Telegram is not asked without it"
    : NO_SCRIPT;

/** Asks an account whether it is signed in. Telegram is not asked. */
export const askState = (scheduler: Scheduler, phone: number) =>
  ask(scheduler, accountObject(scheduler, phone), OWN_ANSWER_MS, (account, caller) => account.state(caller));
