import type { MailboxContext } from "../context.ts";
import type { MailboxSecrets, MailboxSettings, MailboxStatus, Owner } from "../contract.ts";
import { MailError } from "../errors.ts";

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
