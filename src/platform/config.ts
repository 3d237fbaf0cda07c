import * as z from "zod/mini";

const Config = z.object({
  JWT_SECRET: z.optional(z.string()),
  JWT_JWKS_URL: z.optional(z.url()),
  /** What `iss` and `aud` of a token have to be; without them any will do. */
  JWT_ISSUER: z.optional(z.string()),
  JWT_AUDIENCE: z.optional(z.string()),
  NYLAS_API_KEY: z._default(z.string(), ""),
  NYLAS_API_URI: z._default(z.url(), "https://api.us.nylas.com"),
  NYLAS_WEBHOOK_SECRET: z.optional(z.string()),
  /** The one before a rotation, while notifications signed with it may still be on their way. */
  NYLAS_WEBHOOK_SECRET_PREVIOUS: z.optional(z.string()),
  R2_S3_ENDPOINT: z.optional(z.url()),
  R2_ACCESS_KEY_ID: z.optional(z.string()),
  R2_SECRET_ACCESS_KEY: z.optional(z.string()),
  /** Companies whose mail lies in another database than DB, by ranges of their ids: see ems/shards.ts. */
  SHARDS: z._default(
    z.array(
      z.object({ binding: z.string(), from: z.int(), to: z._default(z.int(), Number.MAX_SAFE_INTEGER) }),
    ),
    [],
  ),
  CORS_ORIGINS: z.pipe(
    z._default(z.string(), ""),
    z.transform((list) =>
      list
        .split(",")
        .map((origin) => origin.trim())
        .filter(Boolean),
    ),
  ),
});

export type Config = z.infer<typeof Config>;

const configs = new WeakMap<Env, Config>();

/**
 * The vars and secrets of the Worker, validated once per isolate. Each is optional here and missed where it is
 * needed, so that a Worker with only some of them set answers what it can.
 * @throws $ZodError naming every var that is not valid
 */
export function config(env: Env): Config {
  const known = configs.get(env);
  if (known) return known;
  const set = Object.entries(env).filter(([, value]) => value !== "");
  const parsed = Config.parse(Object.fromEntries(set));
  configs.set(env, parsed);
  return parsed;
}
