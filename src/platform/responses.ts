import * as z from "zod/mini";

export const HealthResponse = z.looseObject({
  status: z.literal("healthy"),
  /** In milliseconds since the epoch. */
  timestamp: z.int(),
  /** Names of secrets that the Worker does not use, because they are public or too short. */
  refused_secrets: z.optional(z.array(z.string())),
});
