import * as z from "zod/mini";
import { type Infer, lazy } from "../lib/lazy.ts";
import type { RelayServer } from "../mailbox/contract.ts";
import { corsOrigins, defineConfig, json, url } from "../platform/config.ts";
import { type Parts, part } from "../platform/health.ts";

/** The name of this module in MODULES. */
export const NAME = "hub";

/** `HUB_LIMITS`: by scope, how often something may be done in how many seconds. Scopes are in limits.ts. */
const Limits = lazy(() =>
  z.catchall(z.object({}), z.array(z.int().check(z.minimum(1))).check(z.minLength(2), z.maxLength(2))),
);

/** A variable that holds the URL of a mail server. Its value has a password, so no issue shows it. */
const smtpUrl = lazy(() =>
  z.pipe(
    z.string(),
    z.transform((text, { issues }): RelayServer => {
      const server = smtpServerOf(text);
      if (server) return server;
      const message = "must be like smtps://user:password@host:465 or smtp://user:password@host:587";
      issues.push({ code: "custom", input: undefined, message });
      return z.NEVER;
    }),
  ),
);

function smtpServerOf(text: string): RelayServer | undefined {
  const url = URL.parse(text);
  if (!url?.hostname || !/^smtps?:$/.test(url.protocol)) return undefined;
  const isTls = url.protocol === "smtps:";
  try {
    const [username, password] = [url.username, url.password].map(decodeURIComponent);
    if (!username || !password) return undefined;
    return {
      ...{ hostname: url.hostname, port: Number(url.port) || (isTls ? 465 : 587) },
      ...{ encryption: isTls ? "tls" : "starttls", username, password },
    };
  } catch {
    return undefined;
  }
}

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
    /** Sends mails by the script xabar-mailbox: `smtps://user:password@host:465`, or `smtp://…:587` with STARTTLS. */
    HUB_SMTP_URL: z.optional(smtpUrl()),
    /** Takes mails by POST. For development. */
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
  const { HUB_JWT_SECRET, HUB_SMTP_URL } = config(env);
  const isMailStuck = HUB_SMTP_URL && !(env as Partial<Env>).MAILBOX;
  const problem =
    (!HUB_JWT_SECRET && "Set HUB_JWT_SECRET: UzbekHub answers 503") ||
    (isMailStuck && "Deployed without xabar-mailbox, which HUB_SMTP_URL needs: UzbekHub's mails wait");
  return { hub: part(problem, "degraded") };
}
