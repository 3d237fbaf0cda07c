import type { UserCtx } from "./context.ts";
import type { Mailing, Status } from "./scheduler/contract.ts";
import { isSubscribed } from "./subscription.ts";

// The shapes of the contract, with their keys in its order.

/** A time such as 2025-01-30T10:00:00Z. @param ms since the epoch */
export const presentTime = (ms: number | null): string | null =>
  ms === null ? null : `${new Date(ms).toISOString().slice(0, 19)}Z`;

/** A length of time such as 08:00:00: its hours may be more than 23. */
export const presentLength = (seconds: number | null): string | null =>
  seconds === null
    ? null
    : [seconds / 3600, (seconds / 60) % 60, seconds % 60]
        .map((part) => String(Math.floor(part)).padStart(2, "0"))
        .join(":");

const PREFIX = "telegram/";

/** The key in R2 of a picture or video. @param name in its path: 128 random bits, so that nobody can guess it */
export const keyOfMedia = (name: string): string => PREFIX + name;

const presentMedia = ({ media }: Mailing, kind: "image" | "video"): string | null =>
  media?.kind === kind ? `/media/mailing/${media.key.slice(PREFIX.length)}` : null;

export const presentMailing = (mailing: Mailing) => ({
  text: mailing.text,
  frequency: presentLength(mailing.frequency),
  duration: presentLength(mailing.duration),
  is_active: mailing.isActive,
  sent_count: mailing.sentCount,
  max_runs: mailing.maxRuns,
  next_run_at: presentTime(mailing.nextRunAt),
  started_at: presentTime(mailing.startedAt),
  ends_at: presentTime(mailing.endsAt),
  step: mailing.step,
  max_steps: mailing.maxSteps,
  image: presentMedia(mailing, "image"),
  video: presentMedia(mailing, "video"),
});

export const presentStatus = (ctx: UserCtx, status: Status) => {
  const { id, phone, first_name, lang, sender_ends_at, finder_ends_at } = ctx.user;
  return {
    user: { telegram_id: id, phone, first_name, lang },
    accounts_count: status.accountsCount,
    groups_count: status.groupsCount,
    mailing: presentMailing(status.mailing),
    subscription: {
      sender_ends_at,
      finder_ends_at,
      is_sender_active: isSubscribed(ctx, sender_ends_at),
      is_finder_active: isSubscribed(ctx, finder_ends_at),
    },
  };
};
