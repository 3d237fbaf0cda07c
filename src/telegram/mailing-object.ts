import type { UserCtx } from "./context.ts";
import type { MailingCalls } from "./scheduler/contract.ts";

/** The object of a user's accounts, groups and mailing. Its methods return plain data, so RPC's types would add nothing. */
export const mailingObject = ({ env, user }: { env: Env; user: Pick<UserCtx["user"], "id"> }) =>
  env.TELEGRAM_MAILING.getByName(String(user.id)) as unknown as Omit<
    MailingCalls,
    keyof Rpc.DurableObjectBranded
  >;
