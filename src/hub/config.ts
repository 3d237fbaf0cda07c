import * as z from "zod/mini";
import { type Infer, lazy } from "../lib/lazy.ts";
import { corsOrigins, defineConfig, json, url } from "../platform/config.ts";
import { type Parts, part } from "../platform/health.ts";

/** The name of this module in MODULES. */
export const NAME = "hub";

/** `HUB_LIMITS`: by scope, how often something may be done in how many seconds. Scopes are in limits.ts. */
const Limits = lazy(() =>
  z.catchall(z.object({}), z.array(z.int().check(z.minimum(1))).check(z.minLength(2), z.maxLength(2))),
);

const Config = lazy(() =>
  z.object({
    /** Signs the hub's tokens, links and cookies. Without it the hub answers 503. */
    HUB_JWT_SECRET: z.optional(z.string()),
    HUB_LIMITS: z._default(z.union([Limits(), z.pipe(json(), Limits())]), {}),
    /** The client ids of Google that tokens may be for, separated by commas. */
    HUB_GOOGLE_CLIENT_IDS: z._default(z.string(), ""),
    HUB_GOOGLE_JWKS_URL: z._default(url(), "https://www.googleapis.com/oauth2/v3/certs"),
    /** The page for a new password; `{link}` in it becomes the link's secret. Default: the contract's own path. */
    HUB_RESET_URL: z.optional(z.string()),
    /** The sender of the hub's mails. */
    HUB_MAIL_FROM: z._default(z.string(), "UzbekHub <no-reply@uzbekhub.example>"),
    /** Takes mails by POST, in place of the binding EMAIL. For development. */
    HUB_MAIL_URL: z.optional(url()),
    /** The base URL of a service in Nominatim's shape. Without it, positions get country and city from a table. */
    HUB_GEOCODER_URL: z.optional(url()),
    CORS_ORIGINS: corsOrigins(),
  }),
);

/** The vars and secrets of the hub. */
export type Config = Infer<typeof Config>;

/** Reads the configuration. @throws $ZodError that names every invalid variable */
export const config = defineConfig(Config);

/** Parts that lack something, for `GET /health`. */
export function configuredParts(env: Env): Parts {
  const { HUB_JWT_SECRET } = config(env);
  return { hub: part(!HUB_JWT_SECRET && "Set HUB_JWT_SECRET: UzbekHub answers 503", "degraded") };
}
