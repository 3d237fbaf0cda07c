import * as z from "zod/mini";

/** 404, 500 and 503. */
export const ErrorResponse = z.object({ error: z.string() });

/** 400. */
export const InvalidResponse = z.object({
  error: z.literal("Invalid request data"),
  /** What is wrong, by field; `non_field_errors` for what belongs to none. */
  details: z.record(z.string(), z.array(z.string())),
});

/** 401 and 403. */
export const RefusedResponse = z.object({ detail: z.string() });

/** 429. */
export const ThrottledResponse = z.object({
  message: z.literal("Request was throttled"),
  /** As in Retry-After. */
  wait_seconds: z.int(),
});
