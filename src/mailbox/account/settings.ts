import { rowOf } from "../../platform/rows.ts";
import type { MailboxContext } from "../context.ts";
import type { MailboxSecrets, MailboxSettings, MailboxState, MailboxStatus, Owner } from "../contract.ts";
import { MailError } from "../errors.ts";
import { canonicalHost } from "../net/addresses.ts";
import { checkOAuth } from "../secrets/providers.ts";
import {
  destroySecrets,
  openSecrets,
  rewrap,
  type SealedSecrets,
  type Secrets,
  sealSecrets,
} from "../secrets/seal.ts";
import { type Account, checkOwner, findAccount } from "../store/account.ts";
import { statusOf } from "./status.ts";

/**
 * Opens the mailbox, or changes its settings. Without `secrets` the kept ones stay. What the login depends on is tried
 * soon after, since a pass is due then; the result is in the status.
 * @throws MailError NOT_FOUND for another's mailbox, KEYS_MISSING, OAUTH_UNAVAILABLE
 */
export async function configure(
  ctx: MailboxContext,
  owner: Owner,
  given: MailboxSettings,
  secrets?: MailboxSecrets,
): Promise<{ status: MailboxStatus }> {
  if (findAccount(ctx)) checkOwner(ctx, owner);
  const settings = withCanonicalHosts(given);
  checkOAuth(ctx.env, owner, settings);
  for (;;) {
    const basis = dataKeyText(ctx);
    const before = findAccount(ctx);
    const sealed = await sealedFor(ctx, owner.accountId, before, settings, secrets);
    // Another call may have come first: then what was kept is no longer what it was merged with.
    if (dataKeyText(ctx) !== basis || findAccount(ctx)?.version !== before?.version) continue;
    if (before) checkOwner(ctx, owner);
    store(ctx, owner, before, settings, sealed);
    break;
  }
  await rewrap(ctx);
  await ctx.wake();
  return { status: statusOf(ctx) };
}

/** Destroys the secrets and stops the schedule. Messages stay, and `configure` opens the mailbox again. */
export async function close(ctx: MailboxContext): Promise<object> {
  ctx.storage.transactionSync(() => {
    destroySecrets(ctx);
    ctx.sql.exec("DELETE FROM sign_ins");
    ctx.sql.exec(
      `UPDATE account SET state = 'closed', last_error = NULL, next_sync_at = NULL, failures = 0, refused_logins = 0,
         updated_at = max(updated_at + 1, ?)`,
      Date.now(),
    );
  });
  await ctx.wake();
  return {};
}

/** What the login depends on. Where it changes, the tries begin again. */
const loginOf = ({ protocol, incoming, smtp, login }: MailboxSettings): string =>
  JSON.stringify([protocol, serverOf(incoming), serverOf(smtp), login]);

const serverOf = ({ hostname, port, encryption, username }: MailboxSettings["smtp"]) => [
  hostname,
  port,
  encryption,
  username,
];

/**
 * The secrets to store: the kept ones that the login still needs, with the given ones over them.
 * @returns undefined if nothing changes
 */
async function sealedFor(
  ctx: MailboxContext,
  accountId: string,
  before: Account | undefined,
  settings: MailboxSettings,
  given: MailboxSecrets | undefined,
): Promise<SealedSecrets | undefined> {
  const isSameLogin = JSON.stringify(before?.settings.login) === JSON.stringify(settings.login);
  if (!given && isSameLogin && before?.keyId) return undefined;
  const kept = isSameLogin ? await keptSecrets(ctx, given) : {};
  return sealSecrets(ctx.env, accountId, { ...kept, ...neededBy(settings, given ?? {}) });
}

/** The secrets that another call gave. If no key opens them any more, the given ones take their place. */
async function keptSecrets(ctx: MailboxContext, given: MailboxSecrets | undefined): Promise<Secrets> {
  try {
    const { accessToken: _, ...kept } = (await openSecrets(ctx))?.values ?? {};
    return kept;
  } catch (error) {
    if (given && error instanceof MailError) return {};
    throw error;
  }
}

const neededBy = ({ login }: MailboxSettings, { password, smtpPassword, refreshToken }: MailboxSecrets) => {
  const isPassword = login.type === "password";
  return {
    ...(isPassword && password !== undefined ? { password } : {}),
    ...(isPassword && smtpPassword !== undefined ? { smtpPassword } : {}),
    ...(!isPassword && login.flow === "user" && refreshToken !== undefined ? { refreshToken } : {}),
  };
};

function store(
  ctx: MailboxContext,
  owner: Owner,
  before: Account | undefined,
  settings: MailboxSettings,
  sealed: SealedSecrets | undefined,
): void {
  const now = Date.now();
  const text = JSON.stringify(settings);
  if (!before) {
    ctx.sql.exec(
      `INSERT INTO account (id, account_id, tenant_id, user_id, settings, state, created_at, updated_at)
       VALUES (1, ?, ?, ?, ?, 'syncing', ?, ?)`,
      ...[owner.accountId, owner.tenantId, owner.userId, text, now, now],
    );
  }
  const isNewLogin = !before || sealed !== undefined || loginOf(before.settings) !== loginOf(settings);
  const isOpened = before?.state === "closed" || before?.state === "disabled";
  ctx.sql.exec(
    "UPDATE account SET settings = ?, state = ?, next_sync_at = ?, updated_at = max(updated_at + 1, ?)",
    text,
    stateAfter(before, settings, isNewLogin || isOpened),
    nextSyncAfter(before, settings, isNewLogin || isOpened, now),
    now,
  );
  if (isNewLogin) {
    ctx.sql.exec("UPDATE account SET failures = 0, refused_logins = 0, last_error = NULL, smtp_found = NULL");
  }
  if (sealed) {
    ctx.sql.exec(
      "UPDATE account SET secrets = ?, data_key = ?, key_id = ?",
      ...[sealed.secrets, sealed.dataKey, sealed.keyId],
    );
  }
}

function stateAfter(before: Account | undefined, settings: MailboxSettings, isTried: boolean): MailboxState {
  if (!settings.isEnabled) return "disabled";
  return isTried || !before ? "syncing" : before.state;
}

/** A new login is tried at once; else a pass is due no later than before, and at the new interval. */
function nextSyncAfter(
  before: Account | undefined,
  settings: MailboxSettings,
  isTried: boolean,
  now: number,
): number | null {
  if (!settings.isEnabled) return null;
  if (isTried) return now;
  if (before?.state === "auth_failed" || !settings.isSyncEnabled) return null;
  const byInterval = now + settings.syncInterval * 1000;
  return Math.min(before?.nextSyncAt ?? byInterval, byInterval);
}

/** Hosts in the one form that the host guard accepts. What is no host stays, and is refused there. */
export function withCanonicalHosts({ incoming, smtp, ...settings }: MailboxSettings): MailboxSettings {
  const canonical = (hostname: string) => canonicalHost(hostname) ?? hostname;
  return {
    ...settings,
    incoming: { ...incoming, hostname: canonical(incoming.hostname) },
    smtp: smtp.hostname === undefined ? smtp : { ...smtp, hostname: canonical(smtp.hostname) },
  };
}

/** The account's own key as it is stored: it changes with the secrets. */
const dataKeyText = (ctx: MailboxContext): string | null | undefined =>
  rowOf<{ data_key: string | null }>(ctx, "SELECT data_key FROM account")?.data_key;
