import * as z from "zod/mini";
import { corsOrigins, defineConfig } from "../platform/config.ts";
import { placementVars } from "../platform/d1/placement.ts";

const Config = z.object({
  JWT_SECRET: z.optional(z.string()),
  JWT_JWKS_URL: z.optional(z.url()),
  /** The `iss` and `aud` that a token must have. Without them any value passes. */
  JWT_ISSUER: z.optional(z.string()),
  JWT_AUDIENCE: z.optional(z.string()),
  NYLAS_API_KEY: z._default(z.string(), ""),
  NYLAS_API_URI: z._default(z.url(), "https://api.us.nylas.com"),
  NYLAS_WEBHOOK_SECRET: z.optional(z.string()),
  /** The secret before a rotation: notifications signed with it may still be on their way. */
  NYLAS_WEBHOOK_SECRET_PREVIOUS: z.optional(z.string()),
  R2_S3_ENDPOINT: z.optional(z.url()),
  R2_ACCESS_KEY_ID: z.optional(z.string()),
  R2_SECRET_ACCESS_KEY: z.optional(z.string()),
  ...placementVars,
  /** Pages of these origins may also frame a mail's document. */
  CORS_ORIGINS: corsOrigins,
});

/** The vars and secrets of the EMS. */
export type Config = z.infer<typeof Config>;

/**
 * The secrets that the Worker's own keys are derived from, those that are set. With another list or another order,
 * links and tickets that are still valid would stop working.
 */
export const signingSecrets = ({ JWT_SECRET, NYLAS_API_KEY, NYLAS_WEBHOOK_SECRET }: Config): string[] =>
  [JWT_SECRET, NYLAS_API_KEY, NYLAS_WEBHOOK_SECRET].flatMap((secret) => secret || []);

/** Reads them. @throws $ZodError that names every invalid one */
export const config = defineConfig(Config);
