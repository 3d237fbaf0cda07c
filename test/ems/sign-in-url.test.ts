import Nylas, { type Provider } from "nylas";
import { expect, it } from "vitest";
import { config } from "../../src/ems/config.ts";
import { startSignIn } from "../../src/ems/provider/nylas/sign-in.ts";

const settings = config({
  NYLAS_API_KEY: "key",
  NYLAS_API_URI: "https://nylas.test",
  NYLAS_CLIENT_ID: "client",
});

it.each(["google", "imap", undefined])(
  "the address of a sign-in by %s equals the one of Nylas's own SDK",
  async (provider) => {
    const request = { provider, state: "a state/+ё", redirectUri: "https://xabar.test/accounts/callback" };
    const { url, codeVerifier } = await startSignIn(settings, request);
    const { auth } = new Nylas({ apiKey: "key", apiUri: "https://nylas.test" });
    const theirs = auth.urlForOAuth2PKCE({
      ...{ clientId: "client", state: request.state, redirectUri: request.redirectUri, smtpRequired: true },
      ...(provider ? { provider: provider as Provider } : {}),
    });
    const ours = Object.fromEntries(new URL(url).searchParams);
    const wanted = Object.fromEntries(new URL(theirs.url).searchParams);
    // The SDK invents its own secret, so its digest is asked for ours.
    const digest = (auth as unknown as { hashPKCESecret(secret: string): string }).hashPKCESecret(
      codeVerifier,
    );
    expect(url.split("?")[0]).toBe(theirs.url.split("?")[0]);
    expect(ours).toEqual({ ...wanted, code_challenge: digest });
  },
);
