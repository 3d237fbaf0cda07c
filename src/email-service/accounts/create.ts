import { cuid } from "../../lib/cuid.ts";
import { ServiceError } from "../../lib/errors.ts";
import type { MailboxSecrets, MailboxSettings, MailboxStatus, Owner } from "../../mailbox/contract.ts";
import { type SQL, sql } from "../../platform/d1/sql.ts";
import { isUniqueViolation } from "../../platform/d1/unique.ts";
import { assign, insertInto } from "../../platform/d1/write.ts";
import { log } from "../../platform/log.ts";
import type { Caller } from "../caller.ts";
import type { UserCtx } from "../context.ts";
import { ask } from "../engine.ts";
import type { accounts } from "../schema/accounts.ts";
import { keepStatus } from "../status/service.ts";
import { getAccount } from "./find.ts";
import type { AccountResponse } from "./responses.ts";
import { columnsOf, loginOf } from "./row.ts";
import type { AccountCreate, SignInStart } from "./schemas.ts";

// An account begins as a row that counts as deleted, and comes into being once its mailbox is open. So a Worker that
// dies in between leaves nothing that anybody sees, and the next try finds the same mailbox by the address.

const TAKEN = "Email address already registered";

/** What a mailbox can be opened with. */
interface Opening {
  settings: MailboxSettings;
  secrets: MailboxSecrets;
}

/** A mailbox that is open. */
interface Opened {
  settings: MailboxSettings;
  status: MailboxStatus;
}

/**
 * Creates an account, without waiting for its mail server. An address that the user has deleted comes back with its
 * history.
 * @param verify true to log in first: then wrong settings are refused, and nothing is stored
 * @throws ServiceError conflict for an address that the tenant has; invalid for settings that are refused;
 *   unavailable if there are no mailboxes
 */
export async function createAccount(
  ctx: UserCtx,
  input: AccountCreate,
  verify: boolean,
): Promise<AccountResponse> {
  const { settings, secrets } = openingOf(input, ctx.caller);
  const owner = await claimAddress(ctx, settings);
  return enterAccount(ctx, owner, async () => {
    if (verify) await ask(ctx, owner, (box, of) => box.check(of, settings, secrets), { isOwnSetting: true });
    const opened = await ask(ctx, owner, (box, of) => box.configure(of, settings, secrets), {
      isOwnSetting: true,
    });
    return { settings, status: opened.status };
  });
}

/**
 * Finds the mailbox for an address: the one that the user had, or a new one with a row that counts as deleted.
 * @throws ServiceError conflict for an address that the tenant has
 */
export async function claimAddress(ctx: UserCtx, settings: MailboxSettings): Promise<Owner> {
  const { tenantId, userId } = ctx.caller;
  const isAddress = sql`lower(email_address) = lower(${settings.emailAddress})`;
  const [[taken], [former]] = await ctx.db.batch([
    sql`SELECT 1 FROM es_accounts WHERE tenant_id = ${tenantId} AND ${isAddress} AND deleted_at IS NULL`,
    // Security: only the same user's. Another could read its mail by settings of a server of their own.
    sql<{ id: string }>`
      SELECT id FROM es_accounts
      WHERE tenant_id = ${tenantId} AND user_id = ${userId} AND ${isAddress} AND deleted_at IS NOT NULL
      ORDER BY deleted_at DESC LIMIT 1`,
  ]);
  if (taken) throw duplicate();
  const accountId = former?.id ?? cuid();
  if (!former) await ctx.db.run(insertAbsent(ctx, accountId, settings));
  return { accountId, tenantId, userId };
}

function insertAbsent({ caller }: UserCtx, id: string, settings: MailboxSettings): SQL {
  const now = Date.now();
  return insertInto<typeof accounts>("es_accounts", {
    id,
    tenant_id: caller.tenantId,
    user_id: caller.userId,
    ...columnsOf(settings),
    state: "syncing",
    created_at: now,
    updated_at: now,
    deleted_at: now,
  });
}

/**
 * Opens a mailbox, and lets its account be seen.
 * @throws ServiceError conflict if another account of the tenant has taken the address meanwhile; what `open` throws
 */
export async function enterAccount(
  ctx: UserCtx,
  owner: Owner,
  open: () => Promise<Opened>,
): Promise<AccountResponse> {
  const { accountId } = owner;
  const startedAt = Date.now();
  const { settings, status } = await open();
  const enter = sql<{ id: string }>`
    UPDATE es_accounts SET ${assign<typeof accounts>(columnsOf(settings))}, deleted_at = NULL,
      updated_at = max(updated_at + 1, ${startedAt})
    WHERE id = ${accountId} AND deleted_at IS NOT NULL
    RETURNING id`;
  try {
    const [entered] = await ctx.db.batch([enter, keepStatus(accountId, status, startedAt)]);
    // Nobody's: another request has brought the same mailbox back.
    if (entered.length === 0) throw duplicate();
  } catch (error) {
    if (!isUniqueViolation(error)) throw error;
    await closeAgain(ctx, owner);
    throw duplicate();
  }
  return getAccount(ctx, accountId);
}

/** If it fails, `noteStatus` does it later. */
const closeAgain = (ctx: UserCtx, owner: Owner): Promise<unknown> =>
  ask(ctx, owner, (mailbox, of) => mailbox.close(of)).catch((error) =>
    log("warn", "mailbox.not_closed", { account: owner.accountId, error }),
  );

const duplicate = () =>
  new ServiceError("conflict", TAKEN, { details: { error: "Email conflict", code: "EMAIL_DUPLICATE" } });

function openingOf(input: AccountCreate, caller: Caller): Opening {
  const { password, smtpPassword, auth } = input;
  return {
    settings: { ...settingsIn(input), login: loginOf(auth, caller) },
    secrets: {
      ...(password === undefined ? {} : { password }),
      ...(smtpPassword === undefined ? {} : { smtpPassword }),
      ...(auth && "refreshToken" in auth ? { refreshToken: auth.refreshToken } : {}),
    },
  };
}

/** The settings in a request that creates an account, but for the login. */
export const settingsIn = (input: AccountCreate | SignInStart): Omit<MailboxSettings, "login"> => ({
  emailAddress: input.emailAddress,
  accountName: input.accountName,
  protocol: input.protocol,
  incoming: {
    hostname: input.hostname,
    port: input.port,
    encryption: input.encryption,
    username: input.username,
  },
  smtp: smtpIn(input),
  isSyncEnabled: input.isSyncEnabled,
  syncInterval: input.syncInterval,
  isEnabled: true,
});

interface SmtpInput {
  smtpHost?: string | undefined;
  smtpPort?: number | undefined;
  smtpEncryption?: "none" | "tls" | "starttls" | undefined;
  smtpUsername?: string | undefined;
}

/** What a request says of the server for sending. */
export const smtpIn = ({
  smtpHost,
  smtpPort,
  smtpEncryption,
  smtpUsername,
}: SmtpInput): MailboxSettings["smtp"] => ({
  ...(smtpHost === undefined ? {} : { hostname: smtpHost }),
  ...(smtpPort === undefined ? {} : { port: smtpPort }),
  ...(smtpEncryption === undefined ? {} : { encryption: smtpEncryption }),
  ...(smtpUsername === undefined ? {} : { username: smtpUsername }),
});
