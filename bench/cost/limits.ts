import { dayOf } from "./activities.ts";
import type { UnitTable } from "./units.ts";
import { costed, databaseBytes, sumOf } from "./usage.ts";
import {
  CRON_RUNS_A_MONTH,
  DAYS,
  ESTIMATES,
  type Scale,
  SWEPT_A_RUN,
  volume,
  WORKING_DAYS,
  WORKING_SECONDS,
} from "./volumes.ts";

/** A limit, and how much of it is taken. */
export interface Limit {
  name: string;
  limit: number;
  /** In the unit of the limit, at the busiest moment, or after the months that are kept. */
  use: number;
  unit: string;
  /** Whose it is: Xabar's own can be changed in its code. */
  owner: "Cloudflare" | "Xabar";
  /** Whether all companies share it, or each has its own. */
  scope: "all" | "company";
}

/**
 * Limits as Cloudflare's documentation had them in November 2026. D1: 10 GB a database, 1 TB an account (raised on
 * request), one thread a database, so that its queries a second are 1,000 by their duration in ms:
 * https://developers.cloudflare.com/d1/platform/limits/ ; Queues: 5,000 messages a second, 250 consumers at a time:
 * https://developers.cloudflare.com/queues/platform/limits/ ; Durable Objects: 1,000 requests a second for each
 * (soft): https://developers.cloudflare.com/durable-objects/platform/limits/ , and 32,768 hibernatable sockets:
 * https://developers.cloudflare.com/durable-objects/api/state/ ; Workers: 128 MB an isolate:
 * https://developers.cloudflare.com/workers/platform/limits/
 */
const LIMITS = {
  databaseBytes: 10e9,
  accountBytes: 1e12,
  hubRequests: 1000,
  hubSockets: 32_768,
  queueMessages: 5000,
  queueConsumers: 250,
  isolateBytes: 128e6,
};
/** The webhook queue's max_batch_size in wrangler.toml; the messages of a batch are worked on side by side. */
const BATCH = 10;
/** Rows that a run of cron removes from each ledger: AT_A_TIME and ROUNDS in src/ems/housekeeping.ts. */
const REMOVED_A_RUN = 50_000;

/** All limits at a scale, for one database. */
export function limitsOf(scale: Scale, table: UnitTable): Limit[] {
  const activities = costed(scale, table);
  const day = dayOf(scale);
  const atPeak = (perDay: number) => (perDay / WORKING_SECONDS) * volume("peak");
  const bytes = databaseBytes(scale, day, table.bytesPerMessage, volume("keptMonths"));
  const messages = (queue: "webhooks" | "jobs") =>
    atPeak(scale.companies * sumOf(activities, ({ activity }) => activity[queue]));
  const queries = atPeak(scale.companies * sumOf(activities, ({ units }) => units.roundTrips));
  const rings = atPeak(sumOf(activities, ({ units }) => units.durableRequests));
  const mailboxes = scale.companies * volume("mailboxes");
  const expiring = (scale.companies * day.events * WORKING_DAYS) / DAYS;
  const shared: Unscoped[] = [
    cloudflare("D1, size of a database", bytes / 1e9, LIMITS.databaseBytes / 1e9, "GB"),
    cloudflare("D1, one thread", queries, 1000 / ESTIMATES.queryMs, "queries a second"),
    cloudflare("D1, size of all databases", bytes / 1e9, LIMITS.accountBytes / 1e9, "GB"),
    cloudflare("Webhook queue", messages("webhooks"), LIMITS.queueMessages, "messages a second"),
    cloudflare(
      "Consumers of the webhook queue",
      (messages("webhooks") * ESTIMATES.consumerSeconds) / BATCH,
      LIMITS.queueConsumers,
      "at a time",
    ),
    cloudflare("Job queue", messages("jobs"), LIMITS.queueMessages, "messages a second"),
    xabar("Events that housekeeping removes", expiring, (REMOVED_A_RUN * CRON_RUNS_A_MONTH) / DAYS, "a day"),
    xabar("Mailboxes that every run of cron sweeps", mailboxes, SWEPT_A_RUN, "mailboxes"),
  ];
  const own: Unscoped[] = [
    cloudflare("Durable Object of a company", rings, LIMITS.hubRequests, "requests a second"),
    cloudflare("its sockets", day.users, LIMITS.hubSockets, "streams"),
  ];
  return [
    ...shared.map((limit): Limit => ({ ...limit, scope: "all" })),
    ...own.map((limit): Limit => ({ ...limit, scope: "company" })),
  ];
}

/** Of each limit, how much is taken; the one with the most is met first. */
export const shareOf = ({ use, limit }: Limit): number => use / limit;

/** How many users meet a limit, if all grows with them: users in all, or in one company. */
export const usersThatMeet = (limit: Limit, { users, companies }: Scale): number =>
  (limit.scope === "all" ? users : users / companies) / shareOf(limit);

/** The limits in the order in which growth meets them. */
export const inOrder = (limits: Limit[]): Limit[] =>
  limits.toSorted((one, other) => shareOf(other) - shareOf(one));

/** Months until one database is full. */
export function monthsUntilFull(scale: Scale, table: UnitTable): number {
  const at = (months: number) => databaseBytes(scale, dayOf(scale), table.bytesPerMessage, months);
  const aMonth = at(2) - at(1);
  const ledgers = at(1) - aMonth;
  // The ledgers grow in the first month only: what is older than 30 days is removed.
  return aMonth + ledgers > LIMITS.databaseBytes
    ? LIMITS.databaseBytes / (aMonth + ledgers)
    : (LIMITS.databaseBytes - ledgers) / aMonth;
}

/** How many databases it takes, if each is to be half full and half busy at most. */
export function databasesFor(limits: Limit[]): number {
  const shares = limits
    .filter(({ name }) => ["D1, size of a database", "D1, one thread"].includes(name))
    .map(shareOf);
  return Math.max(1, ...shares.map((share) => Math.ceil(share / 0.5)));
}

/** Isolates whose memory open streams would fill: Cloudflare starts them as they are needed. */
export const isolatesForStreams = ({ users }: Scale): number =>
  Math.ceil((users * ESTIMATES.streamBytes) / LIMITS.isolateBytes);

type Unscoped = Omit<Limit, "scope">;

const cloudflare = (name: string, use: number, limit: number, unit: string): Unscoped => ({
  ...{ name, use, limit, unit },
  owner: "Cloudflare",
});

const xabar = (name: string, use: number, limit: number, unit: string): Unscoped => ({
  ...{ name, use, limit, unit },
  owner: "Xabar",
});
