import * as z from "zod";

const Config = z.object({
  JWT_SECRET: z.string().optional(),
  JWT_JWKS_URL: z.url().optional(),
  NYLAS_API_KEY: z.string().default(""),
  NYLAS_API_URI: z.url().default("https://api.us.nylas.com"),
  NYLAS_WEBHOOK_SECRET: z.string().optional(),
  /** The one before a rotation, while notifications signed with it may still be on their way. */
  NYLAS_WEBHOOK_SECRET_PREVIOUS: z.string().optional(),
  R2_S3_ENDPOINT: z.url().optional(),
  R2_ACCESS_KEY_ID: z.string().optional(),
  R2_SECRET_ACCESS_KEY: z.string().optional(),
  /** Companies whose mail lies in another database than DB, by ranges of their ids: see ems/shards.ts. */
  SHARDS: z
    .array(z.object({ binding: z.string(), from: z.int(), to: z.int().default(Number.MAX_SAFE_INTEGER) }))
    .default([]),
  CORS_ORIGINS: z
    .string()
    .default("")
    .transform((list) =>
      list
        .split(",")
        .map((origin) => origin.trim())
        .filter(Boolean),
    ),
});

export type Config = z.infer<typeof Config>;

const configs = new WeakMap<Env, Config>();

/**
 * The vars and secrets of the Worker, validated once per isolate. Each is optional here and missed where it is
 * needed, so that a Worker with only some of them set answers what it can.
 * @throws ZodError naming every var that is not valid
 */
export function config(env: Env): Config {
  const known = configs.get(env);
  if (known) return known;
  const set = Object.entries(env).filter(([, value]) => value !== "");
  const parsed = Config.parse(Object.fromEntries(set));
  configs.set(env, parsed);
  return parsed;
}
