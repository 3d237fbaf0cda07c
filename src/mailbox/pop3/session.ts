import type { MailboxContext } from "../context.ts";
import { credentialsOf } from "../secrets/credentials.ts";
import { accountOf } from "../store/account.ts";
import { openPop, type PopClient } from "./client.ts";

/** The end of the work that came last, by mailbox. */
const tails = new WeakMap<DurableObjectStorage, Promise<unknown>>();

/**
 * Works with the account's POP3 server, once earlier work is done: a server lets in one program at a time.
 * @throws MailError as `openPop` and `credentialsOf` do, and what the work throws
 */
export function withPop<T>(ctx: MailboxContext, work: (client: PopClient) => Promise<T>): Promise<T> {
  const before = tails.get(ctx.storage) ?? Promise.resolve();
  const result = before.then(() => run(ctx, work));
  tails.set(
    ctx.storage,
    result.catch(() => {}),
  );
  return result;
}

async function run<T>(ctx: MailboxContext, work: (client: PopClient) => Promise<T>): Promise<T> {
  const { incoming } = accountOf(ctx).settings;
  const client = await openPop(ctx.env, incoming, await credentialsOf(ctx, "incoming", incoming));
  try {
    return await work(client);
  } finally {
    await client.quit();
  }
}
