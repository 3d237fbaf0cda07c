import * as z from "zod/mini";
import { clampTime } from "../../lib/time.ts";
import type { ConnectedAccount } from "../ingest/state.ts";

/**
 * What Nylas posts. Only what is used is named: undocumented fields occur, and the grant's id stands in one of
 * two places, depending on the trigger.
 */
export const Notification = z.object({
  id: z.string().check(z.minLength(1), z.maxLength(200)),
  type: z.string().check(z.minLength(1), z.maxLength(200)),
  /** Seconds since the epoch. */
  time: z.optional(z.number()),
  data: z.looseObject({
    grant_id: z.nullish(z.string()),
    object: z.nullish(z.looseObject({ grant_id: z.nullish(z.string()) })),
  }),
});
export type Notification = z.infer<typeof Notification>;

/** A notification on its way through the queue. Its bytes lie in R2; a small one also travels along. */
export const QueuedNotification = z.object({
  key: z.string(),
  /** Seconds since the epoch. */
  received_at: z.int(),
  notification: z.optional(Notification),
  /** An admin wants it applied again, whatever became of it before. */
  replay: z.optional(z.boolean()),
});
export type QueuedNotification = z.infer<typeof QueuedNotification>;

export const grantOf = ({ data }: Notification): string | null =>
  data.grant_id ?? data.object?.grant_id ?? null;

/** What Nylas appends to a trigger, in any combination, when the object is not the whole one as it is stored. */
const FLAGS = ["truncated", "transformed", "metadata", "cleaned"];

/**
 * Splits a trigger's name: `message.created.cleaned.truncated` is `message.created`, with two flags. With a suffix
 * that is no flag it is another trigger: of `message.opened.legacy` the object has another shape.
 */
export function parseTrigger(type: string): { trigger: string; flags: Set<string> } {
  const [object = "", action = "", ...suffixes] = type.split(".");
  const isKnown = suffixes.every((suffix) => FLAGS.includes(suffix));
  return isKnown
    ? { trigger: `${object}.${action}`, flags: new Set(suffixes) }
    : { trigger: type, flags: new Set() };
}

/** When Nylas says that it happened, in seconds; null when it does not say. */
export const occurredAt = ({ time }: Notification, receivedAt: number): number | null =>
  time === undefined ? null : clampTime(time, receivedAt);

/** What happens in one second has an order of its own: an update follows a creation, a deletion ends it all. */
const WITHIN_SECOND: Record<string, number> = { "message.updated": 1, "message.deleted": 2 };

/** When a notification's state was true, in milliseconds. Notifications know whole seconds only. */
export const observedAt = (notification: Notification, receivedAt: number): number =>
  (occurredAt(notification, receivedAt) ?? receivedAt) * 1000 +
  (WITHIN_SECOND[parseTrigger(notification.type).trigger] ?? 0);

/** A notification for an account of ours, ready to be applied. */
export interface Delivered {
  account: ConnectedAccount;
  notification: Notification;
  /** The suffixes of its type. */
  flags: Set<string>;
  /** Seconds since the epoch. */
  receivedAt: number;
  /** It comes again from the ledger, long after it was true. */
  isReplay: boolean;
}

/** What a trigger answers with when there was nothing to apply. */
export class Ignored {
  readonly reason: string;

  constructor(reason: string) {
    this.reason = reason;
  }
}
