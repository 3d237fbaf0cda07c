import { fromBase64, toBase64Url } from "../../lib/base64.ts";
import { invalid, ServiceError } from "../../lib/errors.ts";
import { hmacHex, isSameText } from "../../lib/hmac.ts";
import type { OAuthProvider, Owner } from "../../mailbox/contract.ts";
import { toServiceError } from "../../platform/app.ts";
import { log } from "../../platform/log.ts";
import { returnUrl } from "../../platform/return-to.ts";
import type { Ctx, UserCtx } from "../context.ts";
import { ask } from "../engine.ts";
import { toAnswer } from "../errors.ts";
import { ownKey } from "../own-key.ts";
import { claimAddress, enterAccount, settingsIn } from "./create.ts";
import type { AccountResponse, SignInResponse } from "./responses.ts";
import type { SignInReturn, SignInStart } from "./schemas.ts";

// Security: a mailbox may join a user's accounts only if that user began the sign-in. State and PKCE do not ensure that: an
// attacker could begin one, and send its link to somebody else, whose mailbox would become the attacker's. So the browser
// that comes back must have the cookie that came with the link. It also says who began, so nothing is stored here.

/** As long as the mailbox keeps a sign-in. */
export const LIFE_SECONDS = 900;

/** What the cookie of a sign-in says, in milliseconds where it is a time. */
interface Begun {
  owner: Owner;
  returnTo: string | null;
  expires: number;
}

/**
 * Begins to connect a mailbox whose owner signs in at the provider.
 * @returns the answer, the state, and the text that proves at the return that it is the same browser
 * @throws ServiceError conflict for an address that the tenant has; invalid for a `returnTo` elsewhere; unavailable
 *   without an OAuth client of the operator, or without a secret to sign with
 */
export async function beginConnect(
  ctx: UserCtx,
  provider: OAuthProvider,
  input: SignInStart,
): Promise<{ answer: SignInResponse; state: string; proof: string }> {
  const returnTo = input.returnTo === undefined ? null : checkedReturn(ctx, input.returnTo);
  const settings = { ...settingsIn(input), login: { type: "oauth2", provider, flow: "user" } as const };
  const owner = await claimAddress(ctx, settings);
  const redirectUri = `${ctx.origin}/oauth/${provider}/callback`;
  const { url, state } = await ask(
    ctx,
    owner,
    (mailbox, of) => mailbox.beginSignIn(of, settings, redirectUri),
    { isOwnSetting: true },
  );
  const begun: Begun = { owner, returnTo, expires: Date.now() + LIFE_SECONDS * 1000 };
  return { answer: { url }, state, proof: await seal(ctx, state, begun) };
}

/** Where a sign-in ends: with the account, or at the page that began it. */
export type Returned = { account: AccountResponse } | { location: string };

/**
 * Ends a sign-in in the browser that comes back from the provider, and creates the account.
 * @param proof of `beginConnect`, if the browser has it
 * @returns the account, or where to send the browser: `returnTo` with `accountId`, or with `error` and `message`
 * @throws ServiceError without a `returnTo`: invalid for a sign-in that is unknown, expired or was refused; otherwise as
 *   `createAccount`
 */
export async function returnFromSignIn(
  ctx: Ctx & Pick<UserCtx, "origin">,
  { state, code }: SignInReturn,
  proof: string,
): Promise<Returned> {
  const { owner, returnTo } = await unseal(ctx, state, proof);
  const { tenantId, userId } = owner;
  const caller = { tenantId, userId, isAdmin: false };
  const finish = async () => {
    if (code === undefined) throw refusedByOwner();
    return enterAccount({ ...ctx, caller }, owner, () =>
      ask(ctx, owner, (mailbox, of) => mailbox.finishSignIn(of, state, code), { isOwnSetting: true }),
    );
  };
  if (returnTo === null) return { account: await finish() };
  const url = new URL(returnTo);
  try {
    url.searchParams.set("accountId", (await finish()).id);
  } catch (error) {
    log("warn", "connect.failed", { error });
    const { code, message } = toAnswer(toServiceError(error)).body as Record<string, string>;
    url.searchParams.set("error", String(code));
    url.searchParams.set("message", String(message));
  }
  return { location: url.href };
}

const refusedByOwner = () =>
  new ServiceError("invalid", "Access to the mailbox was not granted", {
    details: { code: "ACCESS_DENIED" },
  });

/** @throws ServiceError invalid unless the URL is on our own origin or on one in CORS_ORIGINS */
function checkedReturn({ origin, config }: UserCtx, returnTo: string): string {
  const url = returnUrl(returnTo, origin, config.CORS_ORIGINS);
  if (!url) throw invalid("returnTo: must be a path of this host, or a URL of an origin in CORS_ORIGINS");
  for (const name of ["accountId", "error", "message"]) url.searchParams.delete(name);
  return url.href;
}

/** Signs what the cookie says, for one state. */
async function seal(ctx: Ctx, state: string, begun: Begun): Promise<string> {
  const text = toBase64Url(new TextEncoder().encode(JSON.stringify(begun)));
  return `${text}.${await macOf(ctx, state, text)}`;
}

/** @throws ServiceError invalid for a text that `seal` did not make for this state, or that has expired */
async function unseal(ctx: Ctx, state: string, proof: string): Promise<Begun> {
  const [text = "", mac = ""] = proof.split(".");
  if (!isSameText(mac, await macOf(ctx, state, text))) throw stale();
  const begun: Begun = JSON.parse(new TextDecoder().decode(fromBase64(text)));
  if (begun.expires < Date.now()) throw stale();
  return begun;
}

const macOf = async ({ config }: Ctx, state: string, text: string): Promise<string> =>
  hmacHex(await ownKey(config, "sign-ins"), `${state} ${text}`);

const stale = () => invalid("state: This sign-in is unknown, used or expired; start again");
