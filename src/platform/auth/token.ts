import type { JWTPayload, JWTVerifyGetKey } from "jose";
import type * as z from "zod/mini";
import { ServiceError, unauthenticated } from "../../lib/errors.ts";
import { hmacKey } from "../../lib/hmac.ts";
import { jose } from "./jose.ts";

/** How a module verifies tokens. */
export interface TokenSettings {
  /** Empty if it is refused: see platform/config.ts. */
  JWT_SECRET?: string | undefined;
  JWT_JWKS_URL?: string | undefined;
  /** Of several, a token has one. */
  JWT_ISSUER?: string | string[] | undefined;
  JWT_AUDIENCE?: string | string[] | undefined;
}

const ASYMMETRIC = [
  ...["RS256", "RS384", "RS512", "PS256", "PS384", "PS512"],
  ...["ES256", "ES384", "ES512", "EdDSA", "Ed25519"],
];

// One key set per isolate and URL: jose caches its keys, and limits how often it fetches them.
const keySets = new Map<string, JWTVerifyGetKey>();

async function keySet(url: string): Promise<JWTVerifyGetKey> {
  const { createRemoteJWKSet } = await jose();
  const known = keySets.get(url) ?? createRemoteJWKSet(new URL(url));
  keySets.set(url, known);
  return known;
}

/**
 * Verifies a JWT: HS256 with the shared secret, or an asymmetric algorithm with the issuer's key set.
 * @param schema the module's schema of claims
 * @returns the claims
 * @throws ServiceError unauthenticated for an invalid token; unavailable when the key set cannot be fetched or the
 * shared secret is refused
 */
export async function verifyToken<Schema extends z.ZodMiniType>(
  token: string,
  settings: TokenSettings,
  schema: () => Schema,
): Promise<z.infer<Schema>> {
  const claims = schema().safeParse(recall(token, settings) ?? (await verify(token, settings)));
  if (!claims.success) throw unauthenticated(claims.error);
  return claims.data;
}

/**
 * Signs a JWT by HS256.
 * @param claims with `exp`
 */
export async function signToken(claims: JWTPayload & { exp: number }, secret: string): Promise<string> {
  const { SignJWT } = await jose();
  const signing = new SignJWT(claims).setProtectedHeader({ alg: "HS256", typ: "JWT" });
  return signing.sign(await hmacKey(secret, "sign"));
}

async function verify(token: string, settings: TokenSettings): Promise<JWTPayload> {
  // The algorithm selects the kind of key, so that a public key can never serve as an HMAC secret.
  const isShared = (await algorithmOf(token)) === "HS256";
  const payload = await (isShared ? verifyShared : verifyIssued)(token, settings);
  remember(token, settings, payload);
  return payload;
}

/** Security: for this long, a token may outlive the key of its issuer. */
const REMEMBERED_MS = 60_000;
const MAX_REMEMBERED = 1000;

/** The tokens that this isolate has verified lately: a client sends the same one with each request. */
const verified = new WeakMap<TokenSettings, Map<string, { payload: JWTPayload; until: number }>>();

function remember(token: string, settings: TokenSettings, payload: JWTPayload): void {
  const known = verified.get(settings) ?? new Map();
  verified.set(settings, known);
  if (known.size >= MAX_REMEMBERED) known.clear();
  // In whole seconds, as jose compares them.
  const until = Math.min((payload.exp ?? 0) * 1000, Date.now() + REMEMBERED_MS);
  known.set(token, { payload, until });
}

function recall(token: string, settings: TokenSettings): JWTPayload | undefined {
  const found = verified.get(settings)?.get(token);
  return found && Date.now() < found.until ? found.payload : undefined;
}

async function algorithmOf(token: string): Promise<string | undefined> {
  const { decodeProtectedHeader } = await jose();
  try {
    return decodeProtectedHeader(token).alg;
  } catch (error) {
    throw unauthenticated(error);
  }
}

/** The requirements on a token besides its signature. */
const demands = ({ JWT_ISSUER: issuer, JWT_AUDIENCE: audience }: TokenSettings, algorithms: string[]) => ({
  algorithms,
  requiredClaims: ["exp"],
  ...(issuer === undefined ? {} : { issuer }),
  ...(audience === undefined ? {} : { audience }),
});

async function verifyShared(token: string, settings: TokenSettings): Promise<JWTPayload> {
  const { JWT_SECRET } = settings;
  if (JWT_SECRET === "")
    throw new ServiceError("unavailable", "The server refuses its JWT_SECRET: see its log");
  if (!JWT_SECRET) throw unauthenticated("JWT_SECRET is not set");
  const key = await hmacKey(JWT_SECRET, "verify");
  const { jwtVerify } = await jose();
  const verified = jwtVerify(token, key, demands(settings, ["HS256"]));
  return (await verified.catch((error) => Promise.reject(unauthenticated(error)))).payload;
}

async function verifyIssued(token: string, settings: TokenSettings): Promise<JWTPayload> {
  const { JWT_JWKS_URL } = settings;
  if (!JWT_JWKS_URL) throw unauthenticated("JWT_JWKS_URL is not set");
  try {
    const [{ jwtVerify }, key] = [await jose(), await keySet(JWT_JWKS_URL)];
    return (await jwtVerify(token, key, demands(settings, ASYMMETRIC))).payload;
  } catch (error) {
    if (await isKeySetFault(error)) {
      const detail = "The keys to verify tokens cannot be fetched; try again";
      throw new ServiceError("unavailable", detail, { cause: error });
    }
    throw unauthenticated(error);
  }
}

/** True when the key set could not be fetched or is malformed: the token may be valid. */
async function isKeySetFault(error: unknown): Promise<boolean> {
  const { errors } = await jose();
  if (!(error instanceof errors.JOSEError)) return true; // fetch itself failed
  const faults = ["ERR_JOSE_GENERIC", errors.JWKSTimeout.code, errors.JWKSInvalid.code];
  return faults.includes(error.code);
}
