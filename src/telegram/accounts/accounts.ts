import type { UserCtx } from "../context.ts";
import { accountNotFound, telegramUnavailable } from "../errors.ts";
import { readPhone } from "../fields.ts";
import { mailingObject } from "../mailing-object.ts";
import { presentTime } from "../present.ts";
import type { Account } from "../scheduler/contract.ts";

/** Lists the accounts that are or were connected. */
export const listAccounts = async (ctx: UserCtx) => (await mailingObject(ctx).accounts()).map(present);

const present = ({ phone, isActive, groupsCount }: Account) => ({
  phone,
  is_active: isActive,
  groups_count: groupsCount,
});

/** Finds an account. @param phone as it is in the path @throws ServiceError not_found */
export async function getAccount(ctx: UserCtx, phone: string) {
  const account = await mailingObject(ctx).account(numberOf(phone));
  if (!account) throw accountNotFound();
  const { state, reason, until } = account;
  return { ...present(account), state, reason, until: presentTime(until) };
}

/** Signs an account out and removes it. @throws ServiceError not_found, unavailable */
export async function removeAccount(ctx: UserCtx, phone: string): Promise<void> {
  const removal = await mailingObject(ctx).removeAccount(numberOf(phone));
  if (removal.ok) return;
  throw removal.code === "not_found" ? accountNotFound() : telegramUnavailable(removal.reason);
}

/** Ends the pause of an account. @throws ServiceError not_found */
export async function resumeAccount(ctx: UserCtx, phone: string): Promise<void> {
  if (!(await mailingObject(ctx).resumeAccount(numberOf(phone)))) throw accountNotFound();
}

function numberOf(phone: string): number {
  const number = readPhone(phone);
  if (number === null) throw accountNotFound();
  return number;
}
