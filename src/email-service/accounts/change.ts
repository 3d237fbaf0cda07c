import { invalid, ServiceError } from "../../lib/errors.ts";
import type { MailboxSecrets, MailboxSettings } from "../../mailbox/contract.ts";
import { sql } from "../../platform/d1/sql.ts";
import { assign } from "../../platform/d1/write.ts";
import type { Caller } from "../caller.ts";
import type { UserCtx } from "../context.ts";
import { ask, isNotFound } from "../engine.ts";
import type { accounts } from "../schema/accounts.ts";
import { keepStatus } from "../status/service.ts";
import { smtpIn } from "./create.ts";
import { findAccount } from "./find.ts";
import type { AccountResponse } from "./responses.ts";
import { type AccountRow, columnsOf, loginOf, ownerOf, settingsOf, toAccount } from "./row.ts";
import type { AccountUpdate } from "./schemas.ts";

/** How often a change begins again because another came first. */
const TRIES = 5;

/**
 * Changes an account. A new server or login is tried soon after, and its result is in the account's `state`.
 * @param verify true to log in first, with the new settings
 * @throws ServiceError not_found; invalid for another address and for settings that are refused; conflict if others keep
 *   changing the account; unavailable if there are no mailboxes
 */
export async function updateAccount(
  ctx: UserCtx,
  id: string,
  input: AccountUpdate,
  verify: boolean,
): Promise<AccountResponse> {
  for (let tried = 0; tried < TRIES; tried++) {
    const row = await findAccount(ctx, id);
    checkChange(ctx, row, input);
    const changed = await change(
      ctx,
      row,
      merged(settingsOf(row), input, ctx.caller),
      secretsIn(input),
      verify,
    );
    if (changed) return changed;
  }
  throw new ServiceError("conflict", "The account is being changed by others; try again");
}

/** @returns null if the row has changed since it was read: then the mailbox has settings that nobody may keep */
async function change(
  ctx: UserCtx,
  row: AccountRow,
  settings: MailboxSettings,
  secrets: MailboxSecrets | undefined,
  verify: boolean,
): Promise<AccountResponse | null> {
  const startedAt = Date.now();
  const owner = ownerOf(row);
  if (verify) await ask(ctx, owner, (box, of) => box.check(of, settings, secrets), { isOwnSetting: true });
  const { status } = await ask(ctx, owner, (box, of) => box.configure(of, settings, secrets), {
    isOwnSetting: true,
  });
  const [[changed]] = await ctx.db.batch([
    sql<AccountRow>`
      UPDATE es_accounts SET ${assign<typeof accounts>(columnsOf(settings))},
        updated_at = max(updated_at + 1, ${startedAt})
      WHERE id = ${row.id} AND tenant_id = ${row.tenant_id} AND updated_at = ${row.updated_at}
        AND deleted_at IS NULL
      RETURNING *`,
    keepStatus(row.id, status, startedAt),
  ]);
  return changed ? toAccount(changed, status) : null;
}

/** @throws ServiceError invalid */
function checkChange({ caller }: UserCtx, row: AccountRow, input: AccountUpdate): void {
  const { emailAddress, password, auth } = input;
  if (emailAddress !== undefined && emailAddress.toLowerCase() !== row.email_address.toLowerCase())
    throw invalid("emailAddress: cannot be changed; create another account");
  // Security: the kept password would go to a server of somebody else's choice.
  const isForeign = caller.userId !== row.user_id;
  const isMoved = SERVER_FIELDS.some((field) => input[field] !== undefined);
  if (isForeign && isMoved && password === undefined && auth === undefined)
    throw invalid("password: is required to change the server of another user's account");
}

const SERVER_FIELDS = [
  ...(["hostname", "port", "encryption", "username"] as const),
  ...(["smtpHost", "smtpPort", "smtpEncryption", "smtpUsername"] as const),
];

function merged(settings: MailboxSettings, input: AccountUpdate, caller: Caller): MailboxSettings {
  const { incoming, smtp } = settings;
  const { hostname, port, encryption, username, auth, password } = input;
  const isNewLogin = auth !== undefined || password !== undefined;
  return {
    ...settings,
    accountName: input.accountName ?? settings.accountName,
    incoming: {
      hostname: hostname ?? incoming.hostname,
      port: port ?? incoming.port,
      encryption: encryption ?? incoming.encryption,
      username: username ?? incoming.username,
    },
    smtp: { ...smtp, ...smtpIn(input) },
    login: isNewLogin ? loginOf(auth, caller) : settings.login,
    isSyncEnabled: input.isSyncEnabled ?? settings.isSyncEnabled,
    syncInterval: input.syncInterval ?? settings.syncInterval,
    isEnabled: input.isEnabled ?? settings.isEnabled,
  };
}

function secretsIn({ password, smtpPassword, auth }: AccountUpdate): MailboxSecrets | undefined {
  const secrets: MailboxSecrets = {
    ...(password === undefined ? {} : { password }),
    ...(smtpPassword === undefined ? {} : { smtpPassword }),
    ...(auth && "refreshToken" in auth ? { refreshToken: auth.refreshToken } : {}),
  };
  return Object.keys(secrets).length > 0 ? secrets : undefined;
}

/**
 * Deletes an account: its mailbox destroys the secrets and stops. The row and the messages stay for a while, and come
 * back when the user creates the address again.
 * @throws ServiceError not_found; unavailable if the mailbox cannot be reached, since its secrets would remain
 */
export async function deleteAccount(ctx: UserCtx, id: string): Promise<void> {
  const row = await findAccount(ctx, id);
  await close(ctx, row);
  const now = Date.now();
  await ctx.db.run(sql`
    UPDATE es_accounts SET deleted_at = ${now}, updated_at = max(updated_at + 1, ${now})
    WHERE id = ${id} AND tenant_id = ${row.tenant_id} AND deleted_at IS NULL`);
}

/** A mailbox that was never opened has nothing to close. */
async function close(ctx: UserCtx, row: AccountRow): Promise<void> {
  try {
    await ask(ctx, ownerOf(row), (mailbox, owner) => mailbox.close(owner));
  } catch (error) {
    if (!isNotFound(error)) throw error;
  }
}
