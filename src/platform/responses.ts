import * as z from "zod/mini";

const Part = z.object({
  status: z.enum(["ok", "degraded", "down"]),
  /** What is wrong, and what to do. */
  detail: z.optional(z.string()),
});

export const HealthResponse = z.looseObject({
  status: z.literal("healthy"),
  /** By name: what the configuration tells, and with METRICS_TOKEN also what the database and others say. */
  parts: z.record(z.string(), Part),
  /** In milliseconds since the epoch. */
  timestamp: z.int(),
  /** Names of secrets that the Worker does not use, because they are public or too short. */
  refused_secrets: z.optional(z.array(z.string())),
});

/** Only with METRICS_TOKEN: a part is down. */
export const UnhealthyResponse = z.extend(HealthResponse, {
  status: z.literal("unhealthy"),
  detail: z.string(),
});

/** Every error. */
export const ErrorResponse = z.object({ detail: z.string() });

export const InvalidResponse = z.extend(ErrorResponse, {
  /** The bad fields, if the request could be read. */
  errors: z.optional(z.array(z.object({ path: z.string(), message: z.string() }))),
});
