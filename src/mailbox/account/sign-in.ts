import { toBase64Url } from "../../lib/base64.ts";
import { rowOf } from "../../platform/rows.ts";
import type { MailboxContext } from "../context.ts";
import type { MailboxSettings, MailboxStatus, Owner } from "../contract.ts";
import { MailError } from "../errors.ts";
import { addressOf } from "../secrets/id-token.ts";
import { checkOAuth, clientOf, endpointOf, type OAuthLogin, scopesOf } from "../secrets/providers.ts";
import { askForTokens } from "../secrets/token-endpoint.ts";
import { checkOwner, findAccount } from "../store/account.ts";
import { configure, withCanonicalHosts } from "./settings.ts";

/** How long somebody may take at the provider, in milliseconds. */
const LIFE = 15 * 60_000;

type SignInRow = {
  owner: string;
  settings: string;
  verifier: string;
  redirect_uri: string;
  created_at: number;
};

/**
 * Begins a sign-in, and ends one that was under way. The state names the account, so that it leads back to this mailbox.
 * @returns the URL of the consent page, and its state
 * @throws MailError INVALID for a login without consent, OAUTH_UNAVAILABLE, NOT_FOUND for another's mailbox
 */
export async function beginSignIn(
  ctx: MailboxContext,
  owner: Owner,
  given: MailboxSettings,
  redirectUri: string,
): Promise<{ url: string; state: string }> {
  if (findAccount(ctx)) checkOwner(ctx, owner);
  const settings = withCanonicalHosts(given);
  const { provider } = userLoginOf(settings);
  checkOAuth(ctx.env, owner, settings);
  const client = clientOf(ctx.env, provider);
  const state = `${owner.accountId}.${randomText()}`;
  const verifier = randomText();
  const challenge = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(verifier));
  ctx.sql.exec("DELETE FROM sign_ins");
  ctx.sql.exec(
    "INSERT INTO sign_ins (state, owner, settings, verifier, redirect_uri, created_at) VALUES (?, ?, ?, ?, ?, ?)",
    ...[state, JSON.stringify(owner), JSON.stringify(settings), verifier, redirectUri, Date.now()],
  );
  await ctx.wake();
  const url = endpointOf(provider, client, "authorize");
  const query = {
    response_type: "code",
    client_id: client.id,
    redirect_uri: redirectUri,
    scope: scopesOf(provider),
    state,
    code_challenge: toBase64Url(new Uint8Array(challenge)),
    code_challenge_method: "S256",
    login_hint: settings.emailAddress,
    // Google gives a refresh token with a consent only, so it has to ask again for one that it has.
    ...(provider === "google" ? { access_type: "offline", prompt: "consent" } : {}),
  };
  for (const [name, value] of Object.entries(query)) url.searchParams.set(name, value);
  return { url: url.href, state };
}

/**
 * Ends a sign-in: trades the code for tokens, and opens the mailbox with them. A state is good once.
 * @throws MailError NOT_FOUND for a state that is unknown, too old or another's; OAUTH_FAILED for a refused code, another
 * mailbox than the account's, or no lasting consent; and as `configure` does
 */
export async function finishSignIn(
  ctx: MailboxContext,
  owner: Owner,
  state: string,
  code: string,
): Promise<{ settings: MailboxSettings; status: MailboxStatus }> {
  const row = takeSignIn(ctx, owner, state);
  const settings: MailboxSettings = JSON.parse(row.settings);
  const { provider } = userLoginOf(settings);
  const client = clientOf(ctx.env, provider);
  const grant = await askForTokens(endpointOf(provider, client, "token"), {
    grant_type: "authorization_code",
    code,
    redirect_uri: row.redirect_uri,
    code_verifier: row.verifier,
    client_id: client.id,
    client_secret: client.secret,
  }).catch((error) => {
    const isRefused = error instanceof MailError && error.code === "AUTHENTICATION_FAILED";
    throw isRefused ? failed("The OAuth provider refused the code") : error;
  });
  if (addressOf(grant.idToken, client.id) !== settings.emailAddress.toLowerCase()) {
    throw failed("The sign-in was for another address than the account's");
  }
  if (!grant.refreshToken) throw failed("The OAuth provider gave no lasting consent");
  const { status } = await configure(ctx, owner, settings, { refreshToken: grant.refreshToken });
  return { settings, status };
}

/** When the sign-in under way is over, whether or not somebody comes back. */
export function nextExpiry(ctx: MailboxContext): number | null {
  const row = rowOf<{ created_at: number }>(ctx, "SELECT created_at FROM sign_ins");
  return row ? row.created_at + LIFE : null;
}

export async function expireSignIns(ctx: MailboxContext): Promise<void> {
  ctx.sql.exec("DELETE FROM sign_ins WHERE created_at <= ?", Date.now() - LIFE);
}

/** Security: the state is used up by whom it was made for, before the code is tried. */
function takeSignIn(ctx: MailboxContext, owner: Owner, state: string): SignInRow {
  const row = rowOf<SignInRow>(
    ctx,
    "SELECT owner, settings, verifier, redirect_uri, created_at FROM sign_ins WHERE state = ?",
    state,
  );
  const isTheirs = row && isSame(JSON.parse(row.owner), owner) && row.created_at > Date.now() - LIFE;
  if (!isTheirs) throw new MailError("NOT_FOUND", "Sign-in not found");
  ctx.sql.exec("DELETE FROM sign_ins");
  return row;
}

const isSame = (left: Owner, right: Owner): boolean =>
  left.accountId === right.accountId && left.tenantId === right.tenantId && left.userId === right.userId;

function userLoginOf({ login }: MailboxSettings): OAuthLogin {
  if (login.type === "oauth2" && login.flow === "user") return login;
  throw new MailError("INVALID", "The login of the account needs no consent");
}

/** 256 bits: RFC 7636 section 4.1 asks for as many. */
const randomText = (): string => toBase64Url(crypto.getRandomValues(new Uint8Array(32)));

const failed = (message: string) => new MailError("OAUTH_FAILED", message);
