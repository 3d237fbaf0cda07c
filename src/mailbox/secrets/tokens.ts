import type { MailboxContext } from "../context.ts";
import type { MailboxEnv } from "../env.ts";
import { MailError } from "../errors.ts";
import type { Account } from "../store/account.ts";
import { noteLoginRefused } from "../store/outcomes.ts";
import { grantForApp } from "./app-login.ts";
import { checkOAuth, clientOf, endpointOf, type OAuthLogin } from "./providers.ts";
import { addSecrets, type OpenSecrets, openSecrets } from "./seal.ts";
import { askForTokens, type Grant } from "./token-endpoint.ts";

/** How long before its end an access token is replaced, in milliseconds. */
const EARLY = 5 * 60_000;

interface KeptToken {
  token: string;
  issuedAt: number;
  expiresAt: number;
}

const running = new WeakMap<DurableObjectStorage, { version: number; token: Promise<string> }>();

/**
 * The access token to log in with: the kept one, or a new one shortly before its end. Calls at the same time share one.
 * @throws MailError AUTHENTICATION_FAILED once the consent is gone, and then no provider is asked until the settings change;
 * OAUTH_UNAVAILABLE, OAUTH_FAILED, THROTTLED, CONNECTION_FAILED, KEYS_MISSING
 */
export function accessTokenOf(ctx: MailboxContext, account: Account, login: OAuthLogin): Promise<string> {
  const other = running.get(ctx.storage);
  if (other?.version === account.version) return other.token;
  const token = findOrRenew(ctx, account, login).finally(() => {
    if (running.get(ctx.storage)?.token === token) running.delete(ctx.storage);
  });
  running.set(ctx.storage, { version: account.version, token });
  return token;
}

/** The secret that keeps the access token of a grant. */
export const keptTokenOf = ({ accessToken, expiresAt }: Grant): string =>
  JSON.stringify({ token: accessToken, issuedAt: Date.now(), expiresAt } satisfies KeptToken);

async function findOrRenew(ctx: MailboxContext, account: Account, login: OAuthLogin): Promise<string> {
  checkOAuth(ctx.env, account, account.settings);
  const opened = await openSecrets(ctx);
  if (!opened) throw new MailError("AUTHENTICATION_FAILED", "The account has no consent: sign in");
  const kept: KeptToken | undefined = opened.values.accessToken && JSON.parse(opened.values.accessToken);
  if (kept && kept.expiresAt - Date.now() > EARLY && kept.issuedAt > lastRefusal(account)) return kept.token;
  const grant = await renewed(ctx, account, login, opened);
  const refreshToken = grant.refreshToken === undefined ? {} : { refreshToken: grant.refreshToken };
  const isKept = await addSecrets(ctx, opened, { accessToken: keptTokenOf(grant), ...refreshToken });
  if (!isKept) throw new MailError("CONFLICT", "The settings of the account were changed meanwhile");
  // The provider may have ended the old refresh token. If the new one were lost, so would be the consent.
  await ctx.storage.sync();
  return grant.accessToken;
}

/** When the server last refused a token, which may have been taken back before its end. */
const lastRefusal = ({ lastError }: Account): number =>
  lastError?.code === "AUTHENTICATION_FAILED" ? lastError.at : 0;

async function renewed(
  ctx: MailboxContext,
  account: Account,
  login: OAuthLogin,
  { values }: OpenSecrets,
): Promise<Grant> {
  try {
    return await grantFor(ctx.env, login, account.settings.incoming.username, values.refreshToken);
  } catch (error) {
    if (login.flow === "user" && isLost(error)) await noteLoginRefused(ctx, account, error, true);
    throw error;
  }
}

/**
 * Asks the provider for an access token. The settings must have passed `checkOAuth`.
 * @throws MailError as askForTokens, and AUTHENTICATION_FAILED without a refresh token
 */
export async function grantFor(
  env: MailboxEnv,
  login: OAuthLogin,
  address: string,
  refreshToken: string | undefined,
): Promise<Grant> {
  const client = clientOf(env, login.provider);
  if (login.flow === "app") return grantForApp(client, login, address);
  if (!refreshToken) throw new MailError("AUTHENTICATION_FAILED", "The account has no consent: sign in");
  return askForTokens(endpointOf(login.provider, client, "token"), {
    grant_type: "refresh_token",
    refresh_token: refreshToken,
    client_id: client.id,
    client_secret: client.secret,
  });
}

const isLost = (error: unknown): error is MailError =>
  error instanceof MailError && error.code === "AUTHENTICATION_FAILED";
