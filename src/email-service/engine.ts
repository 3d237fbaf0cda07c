import { ServiceError } from "../lib/errors.ts";
import type { MailboxApi, Outcome, Owner } from "../mailbox/contract.ts";
import type { Ctx } from "./context.ts";
import { refused } from "./errors.ts";

/** A mailbox, by its stub. Its methods return plain data, so the types of RPC would add nothing. */
export type Mailbox = Omit<MailboxApi, keyof Rpc.DurableObjectBranded>;

interface AskOptions {
  /** True if the request brought the settings that a mail server may refuse: see `refused`. */
  isOwnSetting?: boolean;
}

/**
 * Asks the mailbox of an account.
 * @throws ServiceError for a refusal; unavailable if there is no mailbox script, or it fails
 */
export async function ask<T extends object>(
  { env }: Pick<Ctx, "env">,
  owner: Owner,
  call: (mailbox: Mailbox, owner: Owner) => Promise<Outcome<T>>,
  { isOwnSetting = false }: AskOptions = {},
): Promise<{ ok: true } & T> {
  const outcome = await reached(env, owner, call);
  if (!outcome.ok) throw refused(outcome, isOwnSetting);
  return outcome;
}

async function reached<T extends object>(
  env: Env,
  owner: Owner,
  call: (mailbox: Mailbox, owner: Owner) => Promise<Outcome<T>>,
): Promise<Outcome<T>> {
  // A deployment without mailboxes has no such binding: see docs/operations.md.
  const mailboxes = (env as Partial<Env>).MAILBOX;
  if (!mailboxes) throw unreachable("MAILBOX is not bound");
  try {
    return await call(mailboxes.getByName(owner.accountId) as unknown as Mailbox, owner);
  } catch (cause) {
    // A mailbox refuses by a value. What it throws is a fault, or there is no script that has it.
    throw unreachable(cause);
  }
}

/** True if a mailbox said that it does not have something. */
export const isNotFound = (error: unknown): boolean =>
  error instanceof ServiceError && error.code === "not_found";

const unreachable = (cause: unknown): ServiceError =>
  new ServiceError("unavailable", "The mailboxes cannot be reached; try again later", {
    cause,
    retryAfterSeconds: 30,
    details: { code: "ENGINE_UNAVAILABLE" },
  });
