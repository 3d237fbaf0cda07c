import type { MailboxContext } from "../context.ts";
import type { MailError } from "../errors.ts";
import { type Account, accountOf } from "./account.ts";

// How the mailbox's work with its server ended. Each function takes the account as it was when the work began, and does
// nothing if its settings have changed since: what was tried is no longer what it has.

/** Logins that may be refused in a row. Providers lock the account after some more. */
const MAX_REFUSED = 3;

const MINUTE = 60_000;

/** The longest wait between tries, in minutes. */
const MAX_WAIT = 60;

/**
 * Notes a pass that got through, and plans the next.
 * @param found.isComplete false while there is more history to read: the next pass is due at once
 */
export async function noteSuccess(
  ctx: MailboxContext,
  begun: Account,
  found: { capabilities: string[]; isComplete: boolean },
): Promise<void> {
  const account = unchanged(ctx, begun);
  if (!account) return;
  const now = Date.now();
  const { isEnabled, isSyncEnabled, syncInterval } = account.settings;
  // So that mailboxes that were opened together do not stay together.
  const interval = syncInterval * 1000 * (0.9 + 0.2 * Math.random());
  const next = found.isComplete ? now + interval : now;
  ctx.sql.exec(
    `UPDATE account SET state = ?, last_error = NULL, last_sync_at = ?, capabilities = ?, failures = 0,
       refused_logins = 0, next_sync_at = ?`,
    found.isComplete || !isSyncEnabled || account.state === "active" ? "active" : "syncing",
    now,
    JSON.stringify(found.capabilities),
    isEnabled && isSyncEnabled ? Math.round(next) : null,
  );
  await ctx.wake();
}

/** Notes a login that worked, of an account that syncs on request alone: there is no next pass. */
export async function noteLogin(ctx: MailboxContext, begun: Account, capabilities: string[]): Promise<void> {
  if (!unchanged(ctx, begun)) return;
  ctx.sql.exec(
    `UPDATE account SET state = 'active', last_error = NULL, capabilities = ?, failures = 0, refused_logins = 0,
       next_sync_at = NULL`,
    JSON.stringify(capabilities),
  );
  await ctx.wake();
}

/** Notes a failed pass, and plans the next: after 1, 2, 4 … 60 minutes, or when the server asks for it. */
export async function noteFailure(ctx: MailboxContext, begun: Account, error: MailError): Promise<void> {
  const account = unchanged(ctx, begun);
  if (!account) return;
  if (error.code === "AUTHENTICATION_FAILED") return noteLoginRefused(ctx, begun, error);
  const failures = account.failures + 1;
  ctx.sql.exec(
    "UPDATE account SET state = 'failing', last_error = ?, failures = ?, next_sync_at = ?",
    errorText(error),
    failures,
    account.settings.isEnabled ? Date.now() + waitAfter(failures, error.retryAfterSeconds) : null,
  );
  await ctx.wake();
}

/**
 * Notes a refused login. After the third in a row the account is not tried again until its settings change.
 * @param isFinal for what cannot be repaired by another try, for example a consent that was taken back
 */
export async function noteLoginRefused(
  ctx: MailboxContext,
  begun: Account,
  error: MailError,
  isFinal = false,
): Promise<void> {
  const account = unchanged(ctx, begun);
  if (!account || account.state === "auth_failed") return;
  const refused = account.refusedLogins + 1;
  const isOver = isFinal || refused >= MAX_REFUSED;
  ctx.sql.exec(
    "UPDATE account SET state = ?, last_error = ?, refused_logins = ?, next_sync_at = ?",
    isOver ? "auth_failed" : "failing",
    errorText(error),
    refused,
    isOver || !account.settings.isEnabled ? null : Date.now() + waitAfter(refused, error.retryAfterSeconds),
  );
  await ctx.wake();
}

/** The wait in milliseconds, with up to a tenth added: many accounts of a provider fail together. */
export function waitAfter(failures: number, askedSeconds = 0): number {
  const minutes = Math.min(2 ** Math.min(failures - 1, 10), MAX_WAIT);
  return Math.round(Math.max(minutes * MINUTE, askedSeconds * 1000) * (1 + Math.random() / 10));
}

function unchanged(ctx: MailboxContext, { version }: Account): Account | undefined {
  const account = accountOf(ctx);
  return account.version === version && account.state !== "closed" ? account : undefined;
}

const errorText = ({ code, message }: MailError): string => JSON.stringify({ code, message, at: Date.now() });
