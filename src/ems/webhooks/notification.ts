import * as z from "zod";

/**
 * What Nylas posts. Only what is used is named: undocumented fields occur, and the grant's id stands in one of
 * two places, depending on the trigger.
 */
export const Notification = z.object({
  id: z.string().min(1),
  type: z.string().min(1),
  /** Seconds since the epoch. */
  time: z.number().optional(),
  data: z.object({
    grant_id: z.string().optional(),
    object: z.looseObject({ grant_id: z.string().optional() }),
  }),
});
export type Notification = z.infer<typeof Notification>;

/** A notification on its way through the queue: whole, or as the key of an object in R2. */
export const QueuedNotification = z.union([
  z.object({ notification: Notification }),
  z.object({ key: z.string() }),
]);
export type QueuedNotification = z.infer<typeof QueuedNotification>;

export const grantOf = ({ data }: Notification): string | undefined => data.grant_id ?? data.object.grant_id;

/**
 * Splits a trigger's name: `message.created.cleaned.truncated` is `message.created`, with two flags that may
 * come in any combination.
 */
export function parseTrigger(type: string): { trigger: string; flags: Set<string> } {
  const [object = "", action = "", ...flags] = type.split(".");
  return { trigger: `${object}.${action}`, flags: new Set(flags) };
}
