import type { MailboxContext } from "../context.ts";
import type { MailboxSecrets, MailboxSettings, Owner, Server } from "../contract.ts";
import { MailError } from "../errors.ts";
import { accountOf, findAccount } from "../store/account.ts";
import { checkOAuth, checkServer } from "./providers.ts";
import { openSecrets } from "./seal.ts";
import { accessTokenOf, grantFor } from "./tokens.ts";

export type Credentials = { username: string; password: string } | { username: string; accessToken: string };

/** What a login is for. The SMTP server may know the account by another name and password. */
export type Use = "incoming" | "smtp";

/**
 * What the account logs in with.
 * @param server that gets them: the settings may have changed since it was chosen
 * @throws MailError AUTHENTICATION_FAILED when the account has nothing to log in with, or has been refused too often;
 * KEYS_MISSING; and for OAuth what the provider refuses, see tokens.ts
 */
export async function credentialsOf(ctx: MailboxContext, use: Use, server: Server): Promise<Credentials> {
  const account = accountOf(ctx);
  const { settings, state } = account;
  // Providers lock accounts that try a wrong password again and again.
  if (state === "auth_failed") throw refused(UNTIL_CHANGED);
  if (settings.login.type === "oauth2") {
    checkServer(ctx.env, settings.login, server);
    const accessToken = await accessTokenOf(ctx, account, settings.login);
    return { username: usernameOf(settings, use), accessToken };
  }
  return passwordOf(settings, use, (await openSecrets(ctx))?.values ?? {});
}

/**
 * What given settings log in with, by the given secrets and by the kept ones where those lack one. Nothing is kept. A
 * refresh token that the provider gives in exchange is lost; Google and Microsoft let the old one stay good.
 * @returns a function, so that both uses share a token
 * @throws as `credentialsOf`
 */
export async function givenCredentials(
  ctx: MailboxContext,
  owner: Owner,
  settings: MailboxSettings,
  secrets: MailboxSecrets | undefined,
): Promise<(use: Use) => Credentials> {
  const { login, incoming } = settings;
  const account = findAccount(ctx);
  if (!secrets && account?.state === "auth_failed") throw refused(UNTIL_CHANGED);
  const isKept = JSON.stringify(account?.settings.login) === JSON.stringify(login);
  if (login.type === "password") {
    const kept = isKept ? (await openSecrets(ctx))?.values : undefined;
    return (use) => passwordOf(settings, use, { ...kept, ...secrets });
  }
  checkOAuth(ctx.env, owner, settings);
  const accessToken =
    account && isKept && !secrets?.refreshToken
      ? await accessTokenOf(ctx, account, login)
      : (await grantFor(ctx.env, login, incoming.username, secrets?.refreshToken)).accessToken;
  return (use) => ({ username: usernameOf(settings, use), accessToken });
}

const usernameOf = ({ incoming, smtp }: MailboxSettings, use: Use): string =>
  (use === "smtp" && smtp.username) || incoming.username;

function passwordOf(
  settings: MailboxSettings,
  use: Use,
  { password, smtpPassword }: MailboxSecrets,
): Credentials {
  const right = (use === "smtp" && smtpPassword) || password;
  if (!right) throw refused("The account has no password");
  return { username: usernameOf(settings, use), password: right };
}

const UNTIL_CHANGED = "The login was refused. It is tried again when the settings change";

const refused = (message: string) => new MailError("AUTHENTICATION_FAILED", message);
