import * as z from "zod/mini";
import { ServiceError } from "../../lib/errors.ts";
import { lazy } from "../../lib/lazy.ts";
import { signToken, verifyToken } from "../../platform/auth/token.ts";
import type { Config } from "../config.ts";
import { badToken } from "../errors.ts";

/** In seconds. */
const ACCESS_LIFE = 12 * 3600;
export const REFRESH_LIFE = 30 * 24 * 3600;

const ISSUER = "xabar-hub";
const AUDIENCE = "uzbekhub";

const Claims = lazy(() =>
  z.object({
    sub: z.string().check(z.regex(/^\d{1,15}$/)),
    sid: z.string(),
    token_type: z.enum(["access", "refresh"]),
    exp: z.number(),
    /** Of a refresh token: which refresh of its session it is. */
    gen: z.optional(z.int()),
  }),
);

/** What a token says. */
export interface TokenClaims {
  userId: number;
  sessionId: string;
  kind: "access" | "refresh";
  generation: number;
  /** In milliseconds since the epoch. */
  expiresAt: number;
}

/**
 * Verifies a token's signature, issuer, audience, age and kind. Whether its session goes on, the database says.
 * @throws ServiceError unauthenticated
 */
export async function readToken(
  config: Config,
  token: string,
  kind: TokenClaims["kind"],
): Promise<TokenClaims> {
  const settings = settingsOf(config);
  const claims = await verifyToken(token, settings, Claims).catch((error) => {
    throw error instanceof ServiceError && error.code === "unauthenticated" ? badToken(error) : error;
  });
  if (claims.token_type !== kind) throw badToken(`a token of the kind ${claims.token_type}`);
  const { sub, sid, gen = 0, exp } = claims;
  return { userId: Number(sub), sessionId: sid, kind, generation: gen, expiresAt: exp * 1000 };
}

const known = new WeakMap<Config, ReturnType<typeof build>>();
const build = ({ HUB_JWT_SECRET }: Config) => ({
  JWT_SECRET: HUB_JWT_SECRET,
  JWT_ISSUER: ISSUER,
  JWT_AUDIENCE: AUDIENCE,
});

/** One object for each configuration: the platform remembers verified tokens by it. */
function settingsOf(config: Config) {
  const settings = known.get(config) ?? build(config);
  known.set(config, settings);
  return settings;
}

/** A pair of tokens, as the contract answers it. */
export interface TokenPair {
  access: string;
  refresh: string;
}

/**
 * Signs the tokens of a session.
 * @param issuedAt in seconds since the epoch: the same time gives the same pair
 */
export async function signPair(
  config: Config,
  session: { userId: number; sessionId: string; generation: number },
  issuedAt: number,
): Promise<TokenPair> {
  const { userId, sessionId, generation } = session;
  const sign = (kind: TokenClaims["kind"], life: number) => {
    const claims = {
      ...{ iss: ISSUER, aud: AUDIENCE, sub: String(userId), iat: issuedAt, exp: issuedAt + life },
      ...{ sid: sessionId, token_type: kind },
      ...(kind === "refresh" ? { gen: generation } : {}),
    };
    return signToken(claims, config.HUB_JWT_SECRET ?? "");
  };
  return { access: await sign("access", ACCESS_LIFE), refresh: await sign("refresh", REFRESH_LIFE) };
}
