import type { Provider } from "nylas";
import { withDeadline } from "../../../lib/deadline.ts";
import { ServiceError } from "../../../lib/errors.ts";
import type { Config } from "../../config.ts";
import { type Grant, ProviderError, type SignInRequest, type SignInResult } from "../port.ts";
import { oauthErrorOf } from "./errors.ts";

const EXCHANGE_TIMEOUT_MS = 20_000;

/** The SDK is loaded at the first sign-in: its 40 KB gzipped are no part of the start. */
async function authOf({ NYLAS_API_KEY: apiKey, NYLAS_API_URI: apiUri }: Config) {
  const { default: Nylas } = await import("nylas");
  return new Nylas({ apiKey, apiUri }).auth;
}

/** Builds the URL of Nylas's hosted sign-in: see `MailProvider`. */
export async function startSignIn(config: Config, { provider, ...request }: SignInRequest) {
  const { NYLAS_CLIENT_ID: clientId } = config;
  if (!clientId) throw new ServiceError("unavailable", "Sign-ins are not set up: NYLAS_CLIENT_ID is missing");
  const auth = await authOf(config);
  const { url, secret } = auth.urlForOAuth2PKCE({
    ...request,
    clientId,
    // The type of the SDK has no "yahoo", and no undefined.
    provider: provider as Provider,
    // Without its SMTP server, an IMAP mailbox could not send.
    smtpRequired: true,
  });
  return { url, codeVerifier: secret };
}

/** Exchanges a code at Nylas: see `MailProvider`. */
export async function finishSignIn(config: Config, result: SignInResult): Promise<Omit<Grant, "valid">> {
  const { NYLAS_CLIENT_ID: clientId, NYLAS_API_KEY: clientSecret } = config;
  const auth = await authOf(config);
  const exchange = () => auth.exchangeCodeForToken({ ...result, clientId, clientSecret });
  const { grantId, email, provider } = await withDeadline(EXCHANGE_TIMEOUT_MS, exchange).catch((error) => {
    throw oauthErrorOf(error);
  });
  if (!email) throw new ProviderError("unknown", "the mail provider named no mailbox", null);
  return { id: grantId, email, provider: provider ?? "" };
}
