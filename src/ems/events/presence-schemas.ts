import * as z from "zod/mini";
import { type Infer, lazy } from "../../lib/lazy.ts";

export const STATES = ["viewing", "composing", "left"] as const;
export type PresenceState = (typeof STATES)[number];

export const PresenceRequest = lazy(() =>
  z.object({
    state: z.enum(STATES, 'must be "viewing", "composing" or "left"'),
  }),
);
export type PresenceRequest = Infer<typeof PresenceRequest>;
