import * as z from "zod/mini";

export const HealthResponse = z.looseObject({
  status: z.literal("healthy"),
  /** In milliseconds since the epoch. */
  timestamp: z.int(),
});
