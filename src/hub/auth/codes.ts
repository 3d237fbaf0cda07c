import { toBase64Url } from "../../lib/base64.ts";
import { hmacHex } from "../../lib/hmac.ts";
import type { Ctx } from "../context.ts";

/** Wrong guesses that end a code. */
export const MAX_GUESSES = 5;

/** How long a code is good for, in milliseconds. */
export const CODE_LIFE_MS = 10 * 60_000;

/** A new code of five digits, each as likely as any other. */
export function newCode(): string {
  const [random = 0] = crypto.getRandomValues(new Uint32Array(1));
  // 2^32 is no multiple of 100,000: the share by which some codes are likelier is 0.002 %.
  return String(random % 100_000).padStart(5, "0");
}

/** A new secret of a link or a cookie: 32 random bytes as URL-safe text. */
export const newSecret = (): string => toBase64Url(crypto.getRandomValues(new Uint8Array(32)));

/**
 * What is stored of a code, a link or a cookie.
 * @param purpose keeps apart what is stored for different uses
 */
export const digestOf = ({ config }: Ctx, purpose: string, secret: string): Promise<string> =>
  hmacHex(`${config.HUB_JWT_SECRET}\n${purpose}`, secret);
