import { toHex } from "../lib/hex.ts";
import { hmacHex, isSameText } from "../lib/hmac.ts";
import { nowSeconds } from "../lib/time.ts";
import { deriveKey } from "../platform/own-key.ts";
import { type Config, signingSecrets } from "./config.ts";

/** This module's own key for a purpose: see `deriveKey`. */
export const ownKey = (config: Config, purpose: string): Promise<string> =>
  deriveKey(signingSecrets(config), purpose);

/** Half of an HMAC is enough (RFC 2104 section 5). */
const macOf = async (config: Config, purpose: string, claim: string): Promise<string> =>
  (await hmacHex(await ownKey(config, purpose), claim)).slice(0, 32);

/**
 * Makes a token that expires: 64 hex digits, for the expiry, 12 random bytes, and half of their HMAC. The HMAC rejects
 * forged tokens without a database query.
 * @param lifeSeconds until it expires
 */
export async function issueToken(config: Config, purpose: string, lifeSeconds: number) {
  const expires_at = nowSeconds() + lifeSeconds;
  const until = expires_at.toString(16).padStart(8, "0");
  const claim = until + toHex(crypto.getRandomValues(new Uint8Array(12)));
  return { token: claim + (await macOf(config, purpose, claim)), expires_at };
}

/**
 * Reads when a token of `issueToken` expires, in seconds since the epoch. Only the database knows whether it was used.
 * @returns null for a token that we did not issue for this purpose
 */
export async function expiryOf(config: Config, purpose: string, token: string): Promise<number | null> {
  const [, claim, until, mac] = /^(([0-9a-f]{8})[0-9a-f]{24})([0-9a-f]{32})$/.exec(token) ?? [];
  if (!claim || !until || !mac) return null;
  return isSameText(mac, await macOf(config, purpose, claim)) ? Number.parseInt(until, 16) : null;
}
