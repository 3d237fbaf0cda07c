import * as z from "zod/mini";
import { ServiceError } from "../../lib/errors.ts";
import { badField } from "../../lib/field-errors.ts";
import { type Infer, lazy } from "../../lib/lazy.ts";
import { type TokenSettings, verifyToken } from "../../platform/auth/token.ts";
import { sql } from "../../platform/d1/sql.ts";
import type { Config } from "../config.ts";
import type { OpenCtx } from "../context.ts";
import type { GoogleSignIn } from "./schemas.ts";
import { startSession } from "./sessions.ts";
import { emailKey } from "./sign-up.ts";
import type { TokenPair } from "./tokens.ts";

const ISSUERS = ["https://accounts.google.com", "accounts.google.com"];
const MAX_NAME = 150;

/** A name, or an empty text for anything else. */
const name = () =>
  z.pipe(
    z.optional(z.unknown()),
    z.transform((value) => (typeof value === "string" ? value : "")),
  );

/** Of an ID token of Google (OpenID Connect). */
const Claims = lazy(() =>
  z.object({
    sub: z.string().check(z.minLength(1), z.maxLength(255)),
    email: z.string().check(z.maxLength(254), z.regex(/^[^@\s]+@[^@\s]+$/)),
    email_verified: z.union([z.literal(true), z.literal("true")]),
    given_name: name(),
    family_name: name(),
  }),
);
type Claims = Infer<typeof Claims>;

/**
 * Signs somebody in by an ID token of Google: who has its subject, else who has verified its e-mail here, else somebody
 * new.
 * @throws ServiceError invalid for any other token. An access token is one: nothing says whom it was given to
 */
export async function signInByGoogle(ctx: OpenCtx, { token }: GoogleSignIn): Promise<TokenPair> {
  const claims = await readIdToken(ctx.config, token);
  const known = await findBySubject(ctx, claims.sub);
  const userId = known ?? (await connect(ctx, claims));
  return startSession(ctx, userId);
}

async function readIdToken(config: Config, token: string): Promise<Claims> {
  const settings = settingsOf(config);
  if (settings.JWT_AUDIENCE.length === 0)
    throw new ServiceError("unavailable", "Google sign-in is not set up: HUB_GOOGLE_CLIENT_IDS is missing");
  return verifyToken(token, settings, Claims).catch((error) => {
    const isRefused = error instanceof ServiceError && error.code === "unauthenticated";
    throw isRefused ? badField("token", "Invalid Google ID token.") : error;
  });
}

const known = new WeakMap<Config, TokenSettings & { JWT_AUDIENCE: string[] }>();

/** One object for each configuration: the platform remembers verified tokens by it. */
function settingsOf(config: Config) {
  const { HUB_GOOGLE_CLIENT_IDS, HUB_GOOGLE_JWKS_URL } = config;
  const settings = known.get(config) ?? {
    JWT_JWKS_URL: HUB_GOOGLE_JWKS_URL,
    JWT_ISSUER: ISSUERS,
    JWT_AUDIENCE: HUB_GOOGLE_CLIENT_IDS.split(",")
      .map((id) => id.trim())
      .filter(Boolean),
  };
  known.set(config, settings);
  return settings;
}

const bySubject = (sub: string) =>
  sql<{ id: number }>`SELECT id FROM hub_users WHERE google_sub = ${sub} AND deleted_at IS NULL`;

const findBySubject = async ({ db }: OpenCtx, sub: string): Promise<number | undefined> =>
  (await db.all(bySubject(sub)))[0]?.id;

/**
 * Connects a subject with the account of its e-mail, or makes an account. Security: a sign-up of that e-mail goes, which
 * somebody else may have begun to get in here later by its password.
 */
async function connect({ db, language }: OpenCtx, claims: Claims): Promise<number> {
  const { sub, email } = claims;
  const key = emailKey(email);
  const isNew = sql`NOT EXISTS (SELECT 1 FROM hub_users WHERE google_sub = ${sub})`;
  const [, , , found] = await db.batch([
    sql`UPDATE hub_users SET google_sub = ${sub}
        WHERE lower(email) = ${key} AND google_sub IS NULL AND deleted_at IS NULL AND ${isNew}`,
    sql`INSERT INTO hub_users (email, google_sub, first_name, last_name, language, date_joined)
        SELECT ${email}, ${sub}, ${claims.given_name.slice(0, MAX_NAME)},
          ${claims.family_name.slice(0, MAX_NAME)}, ${language}, ${Date.now()}
        WHERE ${isNew} ON CONFLICT DO NOTHING`,
    sql`DELETE FROM hub_signups WHERE email_key = ${key}`,
    bySubject(sub),
  ]);
  const [user] = found;
  if (!user) throw badField("token", "This e-mail belongs to another Google account.");
  return user.id;
}
