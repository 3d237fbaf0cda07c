import { fromBase64 } from "../../lib/base64.ts";

/**
 * Whose mailbox an id token is for. It came from the provider itself by TLS, so that its signature need not be checked
 * (OpenID Connect Core section 3.1.3.7). That the address is a mailbox, the login to the mail server proves.
 * @returns the address in lower case; undefined for a token of another client, an old one, or none
 */
export function addressOf(idToken: string | undefined, clientId: string): string | undefined {
  const claims = claimsOf(idToken);
  if (claims.aud !== clientId || Number(claims.exp) * 1000 < Date.now()) return undefined;
  // Google says whether it knows the address to be theirs. Microsoft's name of the user is the address to log in with.
  const google = claims.email_verified === true ? claims.email : undefined;
  const address = google ?? claims.preferred_username;
  return typeof address === "string" ? address.toLowerCase() : undefined;
}

function claimsOf(idToken: string | undefined): Record<string, unknown> {
  try {
    return JSON.parse(new TextDecoder().decode(fromBase64(idToken?.split(".")[1] ?? "")));
  } catch {
    return {};
  }
}
