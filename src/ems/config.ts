import * as z from "zod/mini";
import { type Infer, lazy } from "../lib/lazy.ts";
import { corsOrigins, defineConfig, url } from "../platform/config.ts";
import { storeVars } from "../platform/d1/store-vars.ts";
import { type Parts, part } from "../platform/health.ts";

const Config = lazy(() =>
  z.object({
    JWT_SECRET: z.optional(z.string()),
    JWT_JWKS_URL: z.optional(url()),
    /** Required `iss` and `aud` of tokens. Without them any value passes. */
    JWT_ISSUER: z.optional(z.string()),
    JWT_AUDIENCE: z.optional(z.string()),
    NYLAS_API_KEY: z._default(z.string(), ""),
    NYLAS_API_URI: z._default(url(), "https://api.us.nylas.com"),
    /** Of the Nylas application. Without it no mailbox can be connected by its owner's sign-in. */
    NYLAS_CLIENT_ID: z._default(z.string(), ""),
    NYLAS_WEBHOOK_SECRET: z.optional(z.string()),
    /** The secret before a rotation. Notifications signed with it may still arrive. */
    NYLAS_WEBHOOK_SECRET_PREVIOUS: z.optional(z.string()),
    R2_S3_ENDPOINT: z.optional(url()),
    R2_ACCESS_KEY_ID: z.optional(z.string()),
    R2_SECRET_ACCESS_KEY: z.optional(z.string()),
    ...storeVars(),
    /** Pages of these origins may also frame `/messages/:id/html`. */
    CORS_ORIGINS: corsOrigins(),
  }),
);

/** The vars and secrets of the EMS. */
export type Config = Infer<typeof Config>;

/**
 * The configured secrets that the Worker's own keys derive from. Changing their list or order invalidates links
 * and tickets in use.
 */
export const signingSecrets = ({ JWT_SECRET, NYLAS_API_KEY, NYLAS_WEBHOOK_SECRET }: Config): string[] =>
  [JWT_SECRET, NYLAS_API_KEY, NYLAS_WEBHOOK_SECRET].flatMap((secret) => secret || []);

/** Reads the configuration. @throws $ZodError that names every invalid variable */
export const config = defineConfig(Config);

/** Parts that lack a secret, for `GET /health`. */
export function configuredParts(env: Env): Parts {
  const { JWT_SECRET, JWT_JWKS_URL, NYLAS_API_KEY, NYLAS_WEBHOOK_SECRET } = config(env);
  return {
    tokens: part(!JWT_SECRET && !JWT_JWKS_URL && "Set JWT_SECRET or JWT_JWKS_URL: no token is accepted"),
    provider_key: part(!NYLAS_API_KEY && "Set NYLAS_API_KEY: no mailbox can be connected"),
    webhook_secret: part(!NYLAS_WEBHOOK_SECRET && "Set NYLAS_WEBHOOK_SECRET: notifications are answered 503"),
  };
}
