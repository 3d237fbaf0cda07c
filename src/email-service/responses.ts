import * as z from "zod/mini";

/** Every error. */
export const ErrorResponse = z.object({
  /** In words, by the status. */
  error: z.string(),
  message: z.string(),
  /** For programs. */
  code: z.string(),
  /** In milliseconds since the epoch. */
  timestamp: z.int(),
});

export const InvalidResponse = z.extend(ErrorResponse, {
  /** The bad fields, if the request could be read. */
  errors: z.optional(z.array(z.object({ path: z.string(), message: z.string() }))),
});
