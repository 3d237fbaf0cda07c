import type { AccountApi, Caller } from "../../telegram-account/contract.ts";
import type { Ctx } from "../context.ts";

/** What the parts of a user's object share. */
export interface Scheduler {
  /** The user's Telegram id. */
  user: number;
  ctx: Ctx;
  storage: DurableObjectStorage;
  sql: SqlStorage;
  /** Sets the alarm for what is due next. */
  wake(): Promise<void>;
  /** What runs now, so that nothing runs twice at the same time. Gone with the object. */
  running: {
    sync?: Promise<void>;
    run?: Promise<void>;
    memory?: RunMemory;
    /** How often work has failed in a row, and when it is tried again, by its name. */
    failures?: Map<string, { count: number; until: number }>;
  };
}

/** What an open run knows beside its rows. Without it, posts are tried earlier, and lost answers are counted from one again. */
export interface RunMemory {
  run: number;
  /** When it goes on, if all of its groups wait. */
  restsUntil: number;
  /** By group: when it may be tried again, and how many answers were lost. */
  groups: Map<number, { after: number; lost: number }>;
  /** By account: when it may post again, and how many calls in a row came to nothing. */
  accounts: Map<number, { readyAt: number; failures: number }>;
}

/** The object of a Telegram account. Its methods return plain data, so the types of RPC would add nothing. */
export type AccountObject = Omit<AccountApi, keyof Rpc.DurableObjectBranded>;

/**
 * The object of an account; null where the script xabar-telegram is not deployed, or where the operator has not accepted
 * Telegram's terms.
 * @param isForgetting true for what is allowed without these terms
 */
export function accountObject(
  { ctx }: Pick<Scheduler, "ctx">,
  phone: number,
  isForgetting = false,
): AccountObject | null {
  const accounts = (ctx.env as Partial<Env>).TELEGRAM_ACCOUNT;
  const isAllowed = isForgetting || ctx.config.TELEGRAM_TERMS_ACCEPTED === "yes";
  if (!accounts || !isAllowed) return null;
  return accounts.getByName(String(phone)) as unknown as AccountObject;
}

/** Who asks an account. Where anybody may act for anybody, only a stand-in for Telegram may be asked. */
export const callerOf = ({ ctx: { config }, user }: Pick<Scheduler, "ctx" | "user">): Caller => ({
  user,
  isStandInOnly: config.TELEGRAM_AUTH === "none" && config.TELEGRAM_AUTH_NONE_IS_SAFE !== "yes",
});
