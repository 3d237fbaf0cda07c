import * as z from "zod/mini";

const run = {
  id: z.int(),
  /** From 0, since the start. */
  number: z.int(),
  planned_at: z.string(),
  /** Null for a run that was missed. */
  began_at: z.nullable(z.string()),
  ended_at: z.nullable(z.string()),
  /** Groups by what became of them. */
  sent: z.int(),
  skipped: z.int(),
  failed: z.int(),
  unknown: z.int(),
};

export const RunListResponse = z.array(z.object(run));

export const RunResponse = z.object({
  ...run,
  groups: z.array(
    z.object({
      id: z.int(),
      name: z.string(),
      /** `unknown`: it may have been posted. It is never tried again. */
      state: z.enum(["sending", "sent", "skipped", "failed", "unknown"]),
      /** Why there is no post: such as slow_mode, late, stopped, account_limited, or Telegram's own name of a refusal. */
      reason: z.nullable(z.string()),
      /** The account that posted or tried. */
      phone: z.nullable(z.int()),
      at: z.nullable(z.string()),
      /** The address of the post in a public group. */
      link: z.nullable(z.string()),
    }),
  ),
});
