import type { UserCtx } from "../context.ts";
import { telegramUnavailable } from "../errors.ts";
import { mailingObject } from "../mailing-object.ts";
import type { SignIn } from "../scheduler/contract.ts";

/** The contract's answer to a step of a sign-in. */
export type Step =
  | { success: true }
  | { success: false; needs_2fa: true }
  | { success: false; error: string; seconds?: number };

/**
 * Has Telegram send a login code.
 * @param phone null for what is no phone number
 * @throws ServiceError unavailable
 */
export const sendCode = async (ctx: UserCtx, { phone }: { phone: number | null }): Promise<Step> =>
  phone === null
    ? { success: false, error: "invalid_phone" }
    : toStep(await mailingObject(ctx).sendCode(phone));

/** Signs in by a login code. @throws ServiceError unavailable */
export const verifyCode = async (
  ctx: UserCtx,
  { phone, code }: { phone: number | null; code: string },
): Promise<Step> => (phone === null ? NOT_BEGUN : toStep(await mailingObject(ctx).verifyCode(phone, code)));

/** Signs in by the password of two-step verification. @throws ServiceError unavailable */
export const verifyPassword = async (
  ctx: UserCtx,
  { phone, password }: { phone: number | null; password: string },
): Promise<Step> =>
  phone === null ? NOT_BEGUN : toStep(await mailingObject(ctx).verifyPassword(phone, password));

/** No code can have been sent to this phone. */
const NOT_BEGUN: Step = { success: false, error: "expired" };

function toStep(outcome: SignIn): Step {
  if (outcome.ok) return { success: true };
  const { code, seconds, reason } = outcome;
  if (code === "unavailable") throw telegramUnavailable(reason);
  if (code === "needs_2fa") return { success: false, needs_2fa: true };
  return { success: false, error: code, ...(code === "flood_wait" ? { seconds: seconds ?? 0 } : {}) };
}
