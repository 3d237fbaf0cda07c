import * as z from "zod/mini";

/** 401, 403, 405, 415, 429 and 500. */
export const RefusedResponse = z.object({ detail: z.string() });

/** 400: what is wrong, by field, `non_field_errors` for what belongs to none; or `detail`. */
export const InvalidResponse = z.record(z.string(), z.union([z.array(z.string()), z.string()]));

/** 404: `user_not_found`, `account_not_found` or `not_found`. */
export const MissingResponse = z.object({ success: z.optional(z.literal(false)), error: z.string() });

/** 503. */
export const UnavailableResponse = z.object({
  error: z.literal("telegram_unavailable"),
  /** What is missing. */
  detail: z.string(),
});
