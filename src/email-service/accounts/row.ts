import { invalid } from "../../lib/errors.ts";
import type { Login, MailboxSettings, MailboxStatus, Owner } from "../../mailbox/contract.ts";
import type { RowOf } from "../../platform/d1/rows.ts";
import type { Caller } from "../caller.ts";
import type { accounts } from "../schema/accounts.ts";
import type { AccountResponse } from "./responses.ts";
import type { Auth } from "./schemas.ts";

export type AccountRow = RowOf<typeof accounts>;

/** Whose mailbox an account's is. */
export const ownerOf = ({ id, tenant_id, user_id }: AccountRow): Owner => ({
  accountId: id,
  tenantId: tenant_id,
  userId: user_id,
});

/** The settings as the mailbox takes them. */
export const settingsOf = (row: AccountRow): MailboxSettings => ({
  emailAddress: row.email_address,
  accountName: row.account_name,
  protocol: row.protocol,
  incoming: {
    hostname: row.hostname,
    port: row.port,
    encryption: row.encryption,
    username: row.username,
  },
  smtp: JSON.parse(row.smtp),
  login: JSON.parse(row.login),
  isSyncEnabled: row.is_sync_enabled === 1,
  syncInterval: row.sync_interval,
  isEnabled: row.is_enabled === 1,
});

/** The columns of settings. */
export const columnsOf = (settings: MailboxSettings) => ({
  account_name: settings.accountName,
  email_address: settings.emailAddress,
  protocol: settings.protocol,
  ...settings.incoming,
  smtp: JSON.stringify(settings.smtp),
  login: JSON.stringify(settings.login),
  is_sync_enabled: settings.isSyncEnabled,
  sync_interval: settings.syncInterval,
  is_enabled: settings.isEnabled,
});

/** What a mailbox last told, as its row has it. */
export const statusOf = (row: AccountRow): MailboxStatus => ({
  state: row.state as MailboxStatus["state"],
  isSyncing: row.is_syncing === 1,
  lastSyncAt: row.last_sync_at,
  lastError: row.last_error === null ? null : JSON.parse(row.last_error),
  capabilities: JSON.parse(row.capabilities),
  keyId: row.key_id,
});

/** @param status what the mailbox says now, if it was asked */
export function toAccount(row: AccountRow, status: MailboxStatus = statusOf(row)): AccountResponse {
  const { hostname, port, encryption, username }: MailboxSettings["smtp"] = JSON.parse(row.smtp);
  return {
    id: row.id,
    tenantId: row.tenant_id,
    userId: row.user_id,
    accountName: row.account_name,
    emailAddress: row.email_address,
    protocol: row.protocol,
    hostname: row.hostname,
    port: row.port,
    encryption: row.encryption,
    username: row.username,
    isSyncEnabled: row.is_sync_enabled === 1,
    syncInterval: row.sync_interval,
    lastSyncAt: status.lastSyncAt,
    isSyncing: status.isSyncing,
    isEnabled: row.is_enabled === 1,
    createdAt: row.created_at,
    updatedAt: row.updated_at,
    state: status.state,
    lastError: status.lastError,
    capabilities: status.capabilities,
    auth: toAuth(JSON.parse(row.login)),
    ...(hostname === undefined ? {} : { smtpHost: hostname }),
    ...(port === undefined ? {} : { smtpPort: port }),
    ...(encryption === undefined ? {} : { smtpEncryption: encryption }),
    ...(username === undefined ? {} : { smtpUsername: username }),
  };
}

function toAuth(login: Login): AccountResponse["auth"] {
  if (login.type === "password") return { type: "password" };
  const { type, provider } = login;
  return { type, provider, ...(login.flow === "app" ? { tenant: login.tenant } : {}) };
}

/**
 * How a mailbox logs in.
 * @param auth absent for a password
 * @throws ServiceError invalid for an organisation's consent without the role `admin`
 */
export function loginOf(auth: Auth | undefined, { isAdmin }: Caller): Login {
  if (!auth) return { type: "password" };
  const { type, provider } = auth;
  if (!("tenant" in auth)) return { type, provider, flow: "user" };
  // Security: an organisation's consent opens the mailbox of any colleague.
  if (!isAdmin) throw invalid("auth.tenant: is for admins");
  return { type, provider, flow: "app", tenant: auth.tenant };
}
