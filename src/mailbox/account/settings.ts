import type { MailboxContext } from "../context.ts";
import type { MailboxSecrets, MailboxSettings, MailboxStatus, Owner } from "../contract.ts";
import { MailError } from "../errors.ts";

/** The mailbox's own account. */
export interface Account {
  accountId: string;
  tenantId: string;
  userId: string;
  settings: MailboxSettings;
  state: MailboxStatus["state"];
}

/** @throws MailError NOT_FOUND before the first `configure` */
export function accountOf(_ctx: MailboxContext): Account {
  throw new MailError("INVALID", "Not built yet");
}

/** Refuses calls for another owner. @throws MailError NOT_FOUND */
export function checkOwner(_ctx: MailboxContext, _owner: Owner): Account {
  throw new MailError("INVALID", "Not built yet");
}

export async function configure(
  _ctx: MailboxContext,
  _owner: Owner,
  _settings: MailboxSettings,
  _secrets?: MailboxSecrets,
): Promise<{ status: MailboxStatus }> {
  throw new MailError("INVALID", "Not built yet");
}

export async function checkLogin(
  _ctx: MailboxContext,
  _owner: Owner,
  _settings: MailboxSettings,
  _secrets?: MailboxSecrets,
): Promise<{ capabilities: string[] }> {
  throw new MailError("INVALID", "Not built yet");
}

export async function close(_ctx: MailboxContext): Promise<object> {
  throw new MailError("INVALID", "Not built yet");
}
