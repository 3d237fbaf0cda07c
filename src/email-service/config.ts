import * as z from "zod/mini";
import { type Infer, lazy } from "../lib/lazy.ts";
import { corsOrigins, defineConfig, url } from "../platform/config.ts";
import { type Parts, part } from "../platform/health.ts";

const Config = lazy(() =>
  z.object({
    JWT_SECRET: z.optional(z.string()),
    JWT_JWKS_URL: z.optional(url()),
    /** Required `iss` and `aud` of tokens. Without them any value passes. */
    JWT_ISSUER: z.optional(z.string()),
    JWT_AUDIENCE: z.optional(z.string()),
    METRICS_TOKEN: z.optional(z.string()),
    CORS_ORIGINS: corsOrigins(),
  }),
);

/** The vars and secrets of the Email Service API. Those of mail servers are the script xabar-mailbox's. */
export type Config = Infer<typeof Config>;

/** Reads the configuration. @throws $ZodError that names every invalid variable */
export const config = defineConfig(Config);

/**
 * The configured secrets that this module's own keys derive from. Changing their list or order invalidates download
 * links and sign-ins in use.
 */
export const signingSecrets = ({ JWT_SECRET, METRICS_TOKEN }: Config): string[] =>
  [JWT_SECRET, METRICS_TOKEN].flatMap((secret) => secret || []);

/** Parts that lack something, for `GET /health`. */
export function configuredParts(env: Env): Parts {
  const { JWT_SECRET, JWT_JWKS_URL } = config(env);
  const isAbsent = !(env as Partial<Env>).MAILBOX;
  return {
    tokens: part(!JWT_SECRET && !JWT_JWKS_URL && "Set JWT_SECRET or JWT_JWKS_URL: no token is accepted"),
    mailboxes: part(
      isAbsent && "Deployed without xabar-mailbox: mailboxes of the Email Service API answer 503",
      "degraded",
    ),
  };
}
