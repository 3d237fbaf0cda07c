import type { MailboxContext } from "../context.ts";
import type { MailboxSettings, MailboxStatus, Owner } from "../contract.ts";
import { MailError } from "../errors.ts";

export async function beginSignIn(
  _ctx: MailboxContext,
  _owner: Owner,
  _settings: MailboxSettings,
  _redirectUri: string,
): Promise<{ url: string; state: string }> {
  throw new MailError("INVALID", "Not built yet");
}

export async function finishSignIn(
  _ctx: MailboxContext,
  _owner: Owner,
  _state: string,
  _code: string,
): Promise<{ settings: MailboxSettings; status: MailboxStatus }> {
  throw new MailError("INVALID", "Not built yet");
}
