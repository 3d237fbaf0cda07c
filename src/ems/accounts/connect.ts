import { forbidden, invalid } from "../../lib/errors.ts";
import { isSameText, sha256Hex } from "../../lib/hmac.ts";
import { nowSeconds } from "../../lib/time.ts";
import { toServiceError } from "../../platform/app.ts";
import { sql } from "../../platform/d1/sql.ts";
import { log } from "../../platform/log.ts";
import { returnUrl } from "../../platform/return-to.ts";
import { batch, type Ctx, ofCompanies, ofCompany, ofNoCompany, type UserCtx } from "../context.ts";
import { expiryOf, issueToken, ownKey } from "../own-key.ts";
import { isProviderError, type SignInResult } from "../provider/port.ts";
import { throwUnavailable } from "../provider/unavailable.ts";
import { type CurrentUser, noteUser } from "../user.ts";
import type { AccountResponse, ConnectResponse } from "./responses.ts";
import type { ConnectFinish, ConnectQuery, ConnectReturn } from "./schemas.ts";
import { createAccount, getAccount } from "./service.ts";

// Security: a mailbox may join a company only if its owner began the sign-in. State and PKCE do not ensure that: an
// attacker could begin one, and send its link to somebody else, whose mailbox would join the attacker's company.
// So the one who completes a sign-in must prove to have begun it. A browser has a cookie, which came with the URL.
// Browsers drop cookies of other sites: then the frontend gets code and state, and completes with the user's token.

const PURPOSE = "sign-ins";
/** Time to find an app password, as some IMAP servers want one. */
const LIFE_SECONDS = 900;
const STALE = "This sign-in is unknown, used or expired; start again";

/** A sign-in under way, as it is stored. */
interface SignIn {
  /** Who began it, with the company to connect to as the only one. */
  user: CurrentUser;
  return_to: string;
  result: Omit<SignInResult, "code">;
}

/** A sign-in that begins. */
export interface Begun {
  answer: ConnectResponse;
  state: string;
  /** Proves at the return that it is the same browser. */
  proof: string;
}

/**
 * Begins to connect a mailbox: its owner signs in at the mail provider.
 * @throws ServiceError forbidden for a company outside the token; invalid for a `return_to` elsewhere; unavailable when
 *   sign-ins are not configured
 */
export async function beginConnect(ctx: UserCtx, input: ConnectQuery): Promise<Begun> {
  const { company_id, provider, return_to } = input;
  if (!ctx.user.companies.includes(company_id)) throw forbidden("No access to this company");
  const target = checkedReturn(ctx, return_to);
  const { token: state, expires_at } = await issueToken(ctx.config, PURPOSE, LIFE_SECONDS);
  const redirectUri = `${ctx.origin}/accounts/connect/callback`;
  const { url, codeVerifier } = await mailProvider(ctx).startSignIn({ provider, state, redirectUri });
  const user = { ...ctx.user, companies: [company_id] };
  const signIn: SignIn = { user, return_to: target, result: { codeVerifier, redirectUri } };
  await ofNoCompany(ctx).db.run(sql`
    INSERT INTO ems_sign_ins (digest, request, expires_at)
    VALUES (${await sha256Hex(state)}, ${JSON.stringify(signIn)}, ${expires_at})`);
  return { answer: { url, expires_in: LIFE_SECONDS }, state, proof: await proofOf(ctx, state) };
}

/**
 * Completes a sign-in in the browser that comes back from the provider.
 * @param proof of `beginConnect`, if the browser has it
 * @returns where to send it: `return_to` with `account_id`, or with `error` and `detail`. Without the proof nothing is
 *   connected, and `code` and `state` go along for `finishConnect`
 * @throws ServiceError invalid for a state that is forged or long expired
 */
export async function returnFromSignIn(ctx: Ctx, input: ConnectReturn, proof: string): Promise<string> {
  const { state, code } = input;
  const isProven = isSameText(proof, await proofOf(ctx, state));
  // Without a code the state stays unused, so that the owner can go back and consent.
  const signIn = await openSignIn(ctx, state, isProven && code !== undefined);
  const { return_to } = signIn;
  const user = noteUser(signIn.user);
  const answer = async (): Promise<Record<string, string>> => {
    if (code === undefined)
      return { error: "access_denied", detail: "Access to the mailbox was not granted" };
    if (!isProven) return { code, state };
    if (!signIn.isTaken) return { error: "expired", detail: STALE };
    const { id } = await connect({ ...ofCompanies(ctx, user.companies), user, origin: "" }, signIn, code);
    return { account_id: id };
  };
  const parameters = await answer().catch((error) => {
    log("warn", "connect.failed", { error });
    const { code, message } = toServiceError(error);
    return { error: code, detail: message };
  });
  const url = new URL(return_to);
  for (const [name, value] of Object.entries(parameters)) url.searchParams.set(name, value);
  return url.href;
}

/**
 * Completes a sign-in that came back without a proof, for the user who began it.
 * @returns the connected account
 * @throws ServiceError invalid for a state that is forged, used, expired or another user's, and for a bad code;
 *   provider_failed; otherwise as `createAccount`
 */
export async function finishConnect(ctx: UserCtx, { state, code }: ConnectFinish): Promise<AccountResponse> {
  const signIn = await openSignIn(ctx, state, true);
  if (!signIn.isTaken || signIn.user.user_id !== ctx.user.user_id) throw stale();
  return connect(ctx, signIn, code);
}

async function connect(ctx: UserCtx, { user, result }: SignIn, code: string): Promise<AccountResponse> {
  const [company_id = 0] = user.companies;
  const grant = await mailProvider(ctx)
    .finishSignIn({ ...result, code })
    .catch((error) => {
      if (isProviderError(error, "refused")) throw invalid(`code: ${error.message}`);
      return throwUnavailable(error);
    });
  const { id: grant_id, email: email_address, provider } = grant;
  try {
    return await createAccount(ctx, { company_id, email_address, provider, grant_id });
  } catch (error) {
    // The provider's push about this sign-in may have connected the account first.
    const [connected] = await ofCompany(ctx, company_id).db.all(sql<{ id: string }>`
      SELECT id FROM ems_accounts
      WHERE grant_id = ${grant_id} AND company_id = ${company_id} AND status <> 'disconnected'`);
    if (!connected) throw error;
    return getAccount(ctx, connected.id);
  }
}

/**
 * @returns the whole URL, without what an earlier sign-in has told there
 * @throws ServiceError invalid unless the URL is on our own origin or on one in CORS_ORIGINS
 */
function checkedReturn({ origin, config }: UserCtx, return_to: string): string {
  const url = returnUrl(return_to, origin, config.CORS_ORIGINS);
  if (!url) throw invalid("return_to: must be a path of this host, or a URL of an origin in CORS_ORIGINS");
  for (const name of ["account_id", "error", "detail", "code", "state"]) url.searchParams.delete(name);
  return url.href;
}

const mailProvider = ({ providerOf }: Ctx) => providerOf({ grant_id: null });

const proofOf = ({ config }: Ctx, state: string): Promise<string> => ownKey(config, `${PURPOSE} ${state}`);

const stale = () => invalid(`state: ${STALE}`);

/**
 * @param take uses the state up, unless it has expired: of concurrent callers one gets `isTaken`
 * @throws ServiceError invalid for a state that we did not issue, or that cron has removed
 */
async function openSignIn(ctx: Ctx, state: string, take: boolean): Promise<SignIn & { isTaken: boolean }> {
  const expiry = await expiryOf(ctx.config, PURPOSE, state);
  if (expiry === null) throw stale();
  const digest = await sha256Hex(state);
  const [[row], taken] = await batch(ofNoCompany(ctx), [
    sql<{ request: string }>`SELECT request FROM ems_sign_ins WHERE digest = ${digest}`,
    sql`
      UPDATE ems_sign_ins SET is_used = 1
      WHERE digest = ${digest} AND is_used < ${Number(take && expiry > nowSeconds())} RETURNING digest`,
  ]);
  if (!row) throw stale();
  return { ...JSON.parse(row.request), isTaken: taken.length > 0 };
}
