import * as z from "zod/mini";

export const HealthResponse = z.looseObject({
  status: z.literal("healthy"),
  /** In milliseconds since the epoch. */
  timestamp: z.int(),
  /** Names of secrets that the Worker does not use, because they are public or too short. */
  refused_secrets: z.optional(z.array(z.string())),
});

/** Every error. */
export const ErrorResponse = z.object({ detail: z.string() });

export const InvalidResponse = z.extend(ErrorResponse, {
  /** The bad fields, if the request could be read. */
  errors: z.optional(z.array(z.object({ path: z.string(), message: z.string() }))),
});
