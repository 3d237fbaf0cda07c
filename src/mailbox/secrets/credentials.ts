import type { MailboxContext } from "../context.ts";
import { MailError } from "../errors.ts";
import { accountOf } from "../store/account.ts";
import { openSecrets } from "./seal.ts";
import { accessTokenOf } from "./tokens.ts";

export type Credentials = { username: string; password: string } | { username: string; accessToken: string };

/**
 * What the account logs in with.
 * @throws MailError AUTHENTICATION_FAILED when the account has nothing to log in with, or has been refused too often;
 * KEYS_MISSING; and for OAuth what the provider refuses, see tokens.ts
 */
export async function credentialsOf(ctx: MailboxContext, use: "incoming" | "smtp"): Promise<Credentials> {
  const account = accountOf(ctx);
  const { settings, state } = account;
  // Providers lock accounts that try a wrong password again and again.
  if (state === "auth_failed")
    throw refused("The login was refused. It is tried again when the settings change");
  const username = (use === "smtp" && settings.smtp.username) || settings.incoming.username;
  if (settings.login.type === "oauth2") {
    return { username, accessToken: await accessTokenOf(ctx, account, settings.login) };
  }
  const { values = {} } = (await openSecrets(ctx)) ?? {};
  const password = (use === "smtp" && values.smtpPassword) || values.password;
  if (!password) throw refused("The account has no password");
  return { username, password };
}

const refused = (message: string) => new MailError("AUTHENTICATION_FAILED", message);
