import * as z from "zod/mini";

/**
 * Reads vars and secrets of the Worker by a schema, once per isolate. An empty value counts as absent. Each field
 * should be optional and missed where it is needed, so that a Worker with only some of them answers what it can.
 * @returns a function from the bindings to the parsed values; it throws $ZodError that names every invalid field
 */
export function defineConfig<Schema extends z.ZodMiniType>(schema: Schema): (env: Env) => z.infer<Schema> {
  const parsed = new WeakMap<Env, z.infer<Schema>>();
  return (env) => {
    const known = parsed.get(env);
    if (known) return known;
    const set = Object.entries(env).filter(([, value]) => value !== "");
    const config = schema.parse(Object.fromEntries(set));
    parsed.set(env, config);
    return config;
  };
}

/** `CORS_ORIGINS`: a comma list of the pages that may call the API. */
export const corsOrigins = z.pipe(
  z._default(z.string(), ""),
  z.transform((list) =>
    list
      .split(",")
      .map((origin) => origin.trim())
      .filter(Boolean),
  ),
);

/** Where a module answers: not at all, below a prefix, or only on a host. By default at its contract's own paths. */
const Placement = z.union([
  z.boolean(),
  z.strictObject({
    prefix: z.optional(z.string().check(z.regex(/^(\/[\w-]+)+$/, "must be a path such as /mail"))),
    host: z.optional(z.string()),
  }),
]);
export type Placement = z.infer<typeof Placement>;

const Placements = z.record(z.string(), Placement);

const json = z.pipe(
  z.string(),
  z.transform((text, { issues }) => {
    try {
      return JSON.parse(text);
    } catch {
      issues.push({ code: "custom", input: text, message: "must be JSON" });
      return z.NEVER;
    }
  }),
);

/** `MODULES`: placements by module, as an object or as its JSON. */
const modules = z._default(z.union([Placements, z.pipe(json, Placements)]), {});

/** What the platform itself needs of the vars. */
export const platformConfig = defineConfig(z.object({ CORS_ORIGINS: corsOrigins, MODULES: modules }));
