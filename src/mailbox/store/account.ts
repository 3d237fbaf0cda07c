import { rowOf } from "../../platform/rows.ts";
import type { MailboxContext } from "../context.ts";
import type { MailboxSettings, MailboxState, MailboxStatus, Owner } from "../contract.ts";
import { notFound } from "../errors.ts";

/** The mailbox's own account. */
export interface Account extends Owner {
  settings: MailboxSettings;
  state: MailboxState;
  lastError: MailboxStatus["lastError"];
  lastSyncAt: number | null;
  capabilities: string[];
  /** Of the key that seals the account's own key; null without secrets. */
  keyId: string | null;
  /** Failed passes in a row. */
  failures: number;
  /** Refused logins in a row. */
  refusedLogins: number;
  nextSyncAt: number | null;
  /** Grows with each change of the settings. */
  version: number;
}

type AccountRow = {
  account_id: string;
  tenant_id: string;
  user_id: string;
  settings: string;
  state: MailboxState;
  last_error: string | null;
  last_sync_at: number | null;
  capabilities: string;
  key_id: string | null;
  failures: number;
  refused_logins: number;
  next_sync_at: number | null;
  updated_at: number;
};

/** The account; undefined before the mailbox is first opened. */
export function findAccount(ctx: MailboxContext): Account | undefined {
  const row = rowOf<AccountRow>(
    ctx,
    `SELECT account_id, tenant_id, user_id, settings, state, last_error, last_sync_at, capabilities, key_id, failures,
       refused_logins, next_sync_at, updated_at FROM account`,
  );
  return (
    row && {
      accountId: row.account_id,
      tenantId: row.tenant_id,
      userId: row.user_id,
      settings: JSON.parse(row.settings),
      state: row.state,
      lastError: row.last_error === null ? null : JSON.parse(row.last_error),
      lastSyncAt: row.last_sync_at,
      capabilities: JSON.parse(row.capabilities),
      keyId: row.key_id,
      failures: row.failures,
      refusedLogins: row.refused_logins,
      nextSyncAt: row.next_sync_at,
      version: row.updated_at,
    }
  );
}

/** @throws MailError NOT_FOUND before the mailbox is first opened */
export function accountOf(ctx: MailboxContext): Account {
  const account = findAccount(ctx);
  if (!account) throw notFound("Account");
  return account;
}

/** Security: refuses a call for anybody but the owner. @throws MailError NOT_FOUND */
export function checkOwner(ctx: MailboxContext, owner: Owner): Account {
  const account = accountOf(ctx);
  const isSame =
    account.accountId === owner.accountId &&
    account.tenantId === owner.tenantId &&
    account.userId === owner.userId;
  if (!isSame) throw notFound("Account");
  return account;
}
