import * as z from "zod/mini";

const STATES = ["viewing", "composing", "left"] as const;
export type PresenceState = (typeof STATES)[number];

export const PresenceRequest = z.object({
  state: z.enum(STATES, 'must be "viewing", "composing" or "left"'),
});
export type PresenceRequest = z.infer<typeof PresenceRequest>;

export const PresenceResponse = z.object({
  thread_id: z.uuid(),
  state: z.enum(STATES),
  /** In seconds: repeat the request before then. 0 after `left`. */
  expires_in: z.int(),
  /** The other users in the thread. */
  others: z.array(z.object({ user_id: z.int(), state: z.enum(STATES) })),
});
export type PresenceResponse = z.infer<typeof PresenceResponse>;
