import * as z from "zod/mini";
import { type Infer, lazy } from "../lib/lazy.ts";
import { log } from "./log.ts";

/** Part of each secret in .dev.vars.example, which anyone can read. */
const PUBLIC = "do-not-deploy";

/** RFC 7518 section 3.2, in bytes. Any token allows guessing a shorter secret offline. */
const MIN_JWT_SECRET = 32;

// Wrangler writes this constant into the bundle: "development" in `wrangler dev`, "production" in `wrangler deploy`.
declare const process: { env: { NODE_ENV?: string } };

/**
 * Security: true only in `wrangler dev` and in tests. It is fixed when the code is bundled, so that no request and no
 * var can change it. A var such as LOCAL=1 could be copied to Cloudflare together with the public secrets.
 */
export const isLocal = (): boolean =>
  process.env.NODE_ENV === "development" || process.env.NODE_ENV === "test";

const accepted = new WeakMap<object, Record<string, unknown>>();

/** The bindings that are set. Outside of a developer's machine, a secret that anyone may know becomes an empty text. */
function acceptedOf(env: object): Record<string, unknown> {
  const known = accepted.get(env);
  if (known) return known;
  const set = Object.entries(env).filter(([, value]) => value !== "");
  const result = Object.fromEntries(set.map(([name, value]) => [name, isRefused(name, value) ? "" : value]));
  accepted.set(env, result);
  return result;
}

function isRefused(name: string, value: unknown): boolean {
  if (isLocal() || typeof value !== "string") return false;
  const isShort = /(^|_)JWT_SECRET$/.test(name) && new TextEncoder().encode(value).length < MIN_JWT_SECRET;
  if (!isShort && !value.includes(PUBLIC)) return false;
  const reason = isShort ? `has fewer than ${MIN_JWT_SECRET} bytes` : "is public in .dev.vars.example";
  log("error", "config.refused_secret", { name, reason });
  return true;
}

/** The names of the secrets that are set and refused. */
export const refusedSecrets = (env: Env): string[] =>
  Object.entries(acceptedOf(env)).flatMap(([name, value]) => (value === "" ? name : []));

/**
 * Parses vars and secrets of a script, once per isolate. An empty value counts as absent, and a refused secret is
 * empty. Make each field optional and check it at its use, so that a Worker with missing settings still serves the
 * other routes.
 * @returns a function from the bindings to the parsed values; it throws a $ZodError with every invalid field
 */
export function defineConfig<Schema extends z.ZodMiniType>(
  schema: () => Schema,
): (env: object) => z.infer<Schema> {
  const parsed = new WeakMap<object, z.infer<Schema>>();
  return (env) => {
    const known = parsed.get(env);
    if (known) return known;
    const config = schema().parse(acceptedOf(env));
    parsed.set(env, config);
    return config;
  };
}

/** A variable that holds a URL. */
export const url = lazy(() => z.string().check(z.refine((text) => URL.canParse(text), "must be a URL")));

/** `CORS_ORIGINS`: the origins that may call the API, separated by commas. */
export const corsOrigins = lazy(() =>
  z.pipe(
    z._default(z.string(), ""),
    z.transform((list) =>
      list
        .split(",")
        .map((origin) => origin.trim())
        .filter(Boolean),
    ),
  ),
);

/** Where a module is mounted: false for nowhere, below a prefix, or on one host. Default: its contract's own paths. */
const Placement = lazy(() =>
  z.union([
    z.boolean(),
    z.strictObject({
      prefix: z.optional(z.string().check(z.regex(/^(\/[\w-]+)+$/, "must be a path such as /mail"))),
      host: z.optional(z.string()),
    }),
  ]),
);
export type Placement = Infer<typeof Placement>;

const Placements = lazy(() => z.catchall(z.object({}), Placement()));

/** A variable that holds JSON. */
export const json = lazy(() =>
  z.pipe(
    z.string(),
    z.transform((text, { issues }) => {
      try {
        return JSON.parse(text);
      } catch {
        issues.push({ code: "custom", input: text, message: "must be JSON" });
        return z.NEVER;
      }
    }),
  ),
);

/** `MODULES`: placements by module name, as an object or as JSON. */
const modules = lazy(() => z._default(z.union([Placements(), z.pipe(json(), Placements())]), {}));

/** `LOG_SAMPLE`: the share of the requests to log of those that neither failed nor were slow. Locally all are logged. */
const logSample = lazy(() =>
  z._default(
    z.pipe(
      z.pipe(z.union([z.number(), z.string()]), z.transform(Number)),
      z.number().check(z.minimum(0, "must be from 0 to 1"), z.maximum(1, "must be from 0 to 1")),
    ),
    () => (isLocal() ? 1 : 0.02),
  ),
);

/** The platform's own settings. */
export const platformConfig = defineConfig(() =>
  z.object({
    CORS_ORIGINS: corsOrigins(),
    MODULES: modules(),
    LOG_SAMPLE: logSample(),
    /** Opens `GET /metrics`, and the details of `GET /health`. */
    METRICS_TOKEN: z.optional(z.string()),
  }),
);
