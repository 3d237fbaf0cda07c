import { createRemoteJWKSet, decodeProtectedHeader, errors, type JWTPayload, jwtVerify } from "jose";
import * as z from "zod/mini";
import { ApiError, unauthorized } from "../../lib/errors.ts";
import { hmacKey } from "../../lib/hmac.ts";
import type { Config } from "../config.ts";
import { log } from "../log.ts";

/** Who is calling: the claims of a verified token. */
export interface CurrentUser {
  user_id: number;
  role: string;
  companies: number[];
  /** Seconds since the epoch. */
  exp: number;
}

/** @throws ApiError 403 for a caller of another role */
export function checkRole(user: CurrentUser, role: string): void {
  if (user.role !== role) throw new ApiError(403, `This needs the role "${role}"`);
}

const Claims = z.object({
  user_id: z.int(),
  role: z.string(),
  companies: z.pipe(
    z.array(z.int()),
    z.transform((ids) => [...new Set(ids)]),
  ),
  exp: z.number(),
});

const ASYMMETRIC = [
  ...["RS256", "RS384", "RS512", "PS256", "PS384", "PS512"],
  ...["ES256", "ES384", "ES512", "EdDSA", "Ed25519"],
];

// One key set per isolate: jose caches the keys in it, and limits how often it asks for them.
const keySets = new Map<string, ReturnType<typeof createRemoteJWKSet>>();

function keySet(url: string) {
  const known = keySets.get(url) ?? createRemoteJWKSet(new URL(url));
  keySets.set(url, known);
  return known;
}

/**
 * Verifies a JWT (HS256 with the shared secret, or an asymmetric algorithm with the issuer's key set) and
 * checks its claims.
 * @throws ApiError 401 for anything wrong with the token, 503 when the key set cannot be fetched
 */
export async function verifyToken(token: string, config: Config): Promise<CurrentUser> {
  // The algorithm picks the kind of key, so that a public key can never serve as an HMAC secret.
  const payload =
    algorithmOf(token) === "HS256" ? await verifyShared(token, config) : await verifyIssued(token, config);
  const claims = Claims.safeParse(payload);
  if (!claims.success) throw unauthorized(claims.error);
  return claims.data;
}

function algorithmOf(token: string): string | undefined {
  try {
    return decodeProtectedHeader(token).alg;
  } catch (error) {
    throw unauthorized(error);
  }
}

/** What must hold of a token besides its signature. */
const demands = ({ JWT_ISSUER: issuer, JWT_AUDIENCE: audience }: Config, algorithms: string[]) => ({
  algorithms,
  requiredClaims: ["exp"],
  ...(issuer === undefined ? {} : { issuer }),
  ...(audience === undefined ? {} : { audience }),
});

async function verifyShared(token: string, config: Config): Promise<JWTPayload> {
  const { JWT_SECRET } = config;
  if (!JWT_SECRET) throw unauthorized("JWT_SECRET is not set");
  warnOfShortSecret(config, JWT_SECRET);
  const key = await hmacKey(JWT_SECRET, "verify");
  const verified = jwtVerify(token, key, demands(config, ["HS256"]));
  return (await verified.catch((error) => Promise.reject(unauthorized(error)))).payload;
}

/** Of each Worker's configuration, so that there is one warning per isolate. */
const warned = new WeakSet<Config>();

/** RFC 7518 section 3.2: a key for HS256 has at least 32 bytes. A short one can be guessed from any token. */
function warnOfShortSecret(config: Config, secret: string): void {
  if (warned.has(config) || new TextEncoder().encode(secret).length >= 32) return;
  warned.add(config);
  log("warn", "config.short_secret", { name: "JWT_SECRET", wanted: "at least 32 random bytes" });
}

async function verifyIssued(token: string, config: Config): Promise<JWTPayload> {
  const { JWT_JWKS_URL } = config;
  if (!JWT_JWKS_URL) throw unauthorized("JWT_JWKS_URL is not set");
  try {
    return (await jwtVerify(token, keySet(JWT_JWKS_URL), demands(config, ASYMMETRIC))).payload;
  } catch (error) {
    if (isKeySetFault(error)) {
      const detail = "The keys that tokens are verified with cannot be fetched; try again";
      throw new ApiError(503, detail, { cause: error });
    }
    throw unauthorized(error);
  }
}

/** True when the key set did not arrive or is not one: no fault of the token. */
function isKeySetFault(error: unknown): boolean {
  if (!(error instanceof errors.JOSEError)) return true; // fetch itself failed
  const faults = ["ERR_JOSE_GENERIC", errors.JWKSTimeout.code, errors.JWKSInvalid.code];
  return faults.includes(error.code);
}
