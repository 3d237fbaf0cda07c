import * as z from "zod/mini";
import { toBase64 } from "../../../lib/base64.ts";
import { withDeadline } from "../../../lib/deadline.ts";
import { ServiceError } from "../../../lib/errors.ts";
import { toHex } from "../../../lib/hex.ts";
import { lazy } from "../../../lib/lazy.ts";
import type { Config } from "../../config.ts";
import { type Grant, ProviderError, type SignInRequest, type SignInResult } from "../port.ts";
import { noAnswer, oauthErrorOf } from "./errors.ts";

const EXCHANGE_TIMEOUT_MS = 20_000;

/** Builds the URL of Nylas's hosted sign-in: see `MailProvider`. */
export async function startSignIn(config: Config, { provider, state, redirectUri }: SignInRequest) {
  const { NYLAS_API_URI, NYLAS_CLIENT_ID } = config;
  if (!NYLAS_CLIENT_ID)
    throw new ServiceError("unavailable", "Sign-ins are not set up: NYLAS_CLIENT_ID is missing");
  const codeVerifier = crypto.randomUUID();
  const query = new URLSearchParams({
    client_id: NYLAS_CLIENT_ID,
    redirect_uri: redirectUri,
    access_type: "online",
    response_type: "code",
    ...(provider ? { provider } : {}),
    state,
    // Without its SMTP server, an IMAP mailbox could not send.
    options: "smtp_required",
    code_challenge_method: "s256",
    code_challenge: await challengeOf(codeVerifier),
  });
  return { url: `${NYLAS_API_URI}/v3/connect/auth?${query}`, codeVerifier };
}

/** Nylas wants the digest in hex before it is in base64, unlike RFC 7636 section 4.2. */
async function challengeOf(codeVerifier: string): Promise<string> {
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(codeVerifier));
  return toBase64(new TextEncoder().encode(toHex(new Uint8Array(digest)))).replace(/=+$/, "");
}

/** Exchanges a code at Nylas: see `MailProvider`. */
export async function finishSignIn(config: Config, result: SignInResult): Promise<Omit<Grant, "valid">> {
  const {
    grant_id: id,
    email,
    provider,
  } = await withDeadline(EXCHANGE_TIMEOUT_MS, (signal) => exchange(config, result, signal));
  if (!email) throw new ProviderError("unknown", "the mail provider named no mailbox", null);
  return { id, email, provider: provider ?? "" };
}

async function exchange(config: Config, result: SignInResult, signal: AbortSignal): Promise<Exchange> {
  const { NYLAS_API_KEY, NYLAS_API_URI, NYLAS_CLIENT_ID } = config;
  const response = await fetch(`${NYLAS_API_URI}/v3/connect/token`, {
    method: "POST",
    headers: { authorization: `Bearer ${NYLAS_API_KEY}`, "content-type": "application/json" },
    body: JSON.stringify({
      grant_type: "authorization_code",
      client_id: NYLAS_CLIENT_ID,
      client_secret: NYLAS_API_KEY,
      code: result.code,
      code_verifier: result.codeVerifier,
      redirect_uri: result.redirectUri,
    }),
    signal,
  });
  if (!response.ok) throw await oauthErrorOf(response);
  // Security: an answer that cannot be read is not kept, since it may have tokens.
  const { data } = Exchange().safeParse(await response.json().catch(() => null));
  if (!data) throw noAnswer();
  return data;
}

const Exchange = lazy(() =>
  z.object({ grant_id: z.string(), email: z.nullish(z.string()), provider: z.nullish(z.string()) }),
);
type Exchange = z.infer<ReturnType<typeof Exchange>>;
