import type { MailboxContext } from "../context.ts";
import { MailError } from "../errors.ts";
import { credentialsOf } from "../secrets/credentials.ts";
import { accountOf } from "../store/account.ts";
import { closeImap, errorOf, type ImapClient, openImap } from "./client.ts";

/** What a connection is for: a mailbox has one of each at most, so that a page that is read never waits for a sync. */
export type Purpose = "sync" | "read";

/** How long a connection waits for more work, in milliseconds. It keeps the object awake. */
const IDLE_MS: Record<Purpose, number> = { sync: 0, read: 5000 };

/** The same for a sync that is about to go on. */
const BETWEEN_STEPS_MS = 5000;

interface Session {
  /** Ends with the work that came last: work on a connection is done one after the other. */
  tail: Promise<unknown>;
  waiting: number;
  client: ImapClient | undefined;
  /** Of the settings with which it was opened. */
  version: number;
  idle: number | null;
  /** More work is to come soon. */
  isContinued: boolean;
}

const sessions = new WeakMap<DurableObjectStorage, Record<Purpose, Session>>();

/**
 * Works with the account's IMAP server, once the earlier work of this purpose is done. The connection is opened if there is
 * none, and stays open for a moment.
 * @throws MailError, as `openImap` does, and THROTTLED or CONNECTION_FAILED for what happens later
 */
export function withImap<T>(
  ctx: MailboxContext,
  purpose: Purpose,
  work: (client: ImapClient) => Promise<T>,
): Promise<T> {
  const session = sessionOf(ctx, purpose);
  session.waiting++;
  const result = session.tail.then(() => run(ctx, session, purpose, work));
  session.tail = result.catch(() => {});
  return result;
}

/** Keeps the connection a little longer than usual, since the work goes on in the next wake-up. */
export const continueSoon = (ctx: MailboxContext, purpose: Purpose): void => {
  sessionOf(ctx, purpose).isContinued = true;
};

function sessionOf(ctx: MailboxContext, purpose: Purpose): Session {
  let both = sessions.get(ctx.storage);
  if (!both) {
    const empty = (): Session => ({
      tail: Promise.resolve(),
      waiting: 0,
      client: undefined,
      version: 0,
      idle: null,
      isContinued: false,
    });
    both = { sync: empty(), read: empty() };
    sessions.set(ctx.storage, both);
  }
  return both[purpose];
}

async function run<T>(
  ctx: MailboxContext,
  session: Session,
  purpose: Purpose,
  work: (client: ImapClient) => Promise<T>,
): Promise<T> {
  clearTimeout(session.idle);
  session.isContinued = false;
  let client: ImapClient | undefined;
  try {
    client = await clientOf(ctx, session);
    return await work(client);
  } catch (error) {
    if (!client) throw error;
    const failure = errorOf(client, error);
    // What a broken connection still has in its buffers would be taken for the answer to the next command.
    if (["CONNECTION_FAILED", "THROTTLED", "PROTOCOL_MISMATCH"].includes(failure.code)) client.close();
    throw failure;
  } finally {
    session.waiting--;
    if (session.waiting === 0)
      await retire(session, session.isContinued ? BETWEEN_STEPS_MS : IDLE_MS[purpose]);
  }
}

/** The open connection; a new one if it was lost, or if the settings have changed since. */
async function clientOf(ctx: MailboxContext, session: Session): Promise<ImapClient> {
  const account = accountOf(ctx);
  if (account.state === "closed" || account.state === "disabled")
    throw new MailError("CONNECTION_FAILED", "The account is switched off");
  if (session.client?.usable && session.version === account.version) return session.client;
  session.client?.close();
  session.client = undefined;
  const { incoming } = account.settings;
  const client = await openImap(ctx.env, incoming, await credentialsOf(ctx, "incoming", incoming));
  session.client = client;
  session.version = account.version;
  return client;
}

async function retire(session: Session, idleMs: number): Promise<void> {
  const { client } = session;
  if (!client) return;
  const end = async () => {
    if (session.client === client) session.client = undefined;
    await closeImap(client);
  };
  if (idleMs === 0 || !client.usable) await end();
  else session.idle = setTimeout(end, idleMs);
}
