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

/** A limit and its use. */
export interface Limit {
  name: string;
  limit: number;
  /** In the unit of the limit, at peak load or after the retention period. */
  use: number;
  unit: string;
  /** Limits of Xabar can be changed in its code. */
  owner: "Cloudflare" | "Xabar";
  /** Whether companies share the limit. */
  scope: "all" | "company";
}

/**
 * Limits from Cloudflare's documentation of November 2026:
 * - D1: 10 GB per database; 1 TB per account, can be raised; a single thread, so 1,000 queries of 1 ms per second.
 *   https://developers.cloudflare.com/d1/platform/limits/
 * - Queues: 5,000 messages per second, 250 concurrent consumers.
 *   https://developers.cloudflare.com/queues/platform/limits/
 * - Durable Objects: 1,000 requests per second each, a soft limit, and 32,768 hibernatable sockets.
 *   https://developers.cloudflare.com/durable-objects/platform/limits/
 *   https://developers.cloudflare.com/durable-objects/api/state/
 * - Workers: 128 MB per isolate. https://developers.cloudflare.com/workers/platform/limits/
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
/** max_batch_size of the webhook queue in wrangler.toml. Messages of a batch are processed concurrently. */
const BATCH = 10;
/** Rows that one cron run removes from each log: AT_A_TIME and ROUNDS of the housekeeping of the EMS. */
const REMOVED_A_RUN = 50_000;

/** The limits at a scale, with one database. */
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

/** The used share of a limit. The limit with the largest share is reached first. */
export const shareOf = ({ use, limit }: Limit): number => use / limit;

/** Number of users that reach a limit if everything grows in proportion: in total, or in one company. */
export const usersThatMeet = (limit: Limit, { users, companies }: Scale): number =>
  (limit.scope === "all" ? users : users / companies) / shareOf(limit);

/** The limits in the order in which growth reaches them. */
export const inOrder = (limits: Limit[]): Limit[] =>
  limits.toSorted((one, other) => shareOf(other) - shareOf(one));

/** Months until one database is full. */
export function monthsUntilFull(scale: Scale, table: UnitTable): number {
  const at = (months: number) => databaseBytes(scale, dayOf(scale), table.bytesPerMessage, months);
  const aMonth = at(2) - at(1);
  const ledgers = at(1) - aMonth;
  // The logs grow only in the first month, since older rows are removed.
  return aMonth + ledgers > LIMITS.databaseBytes
    ? LIMITS.databaseBytes / (aMonth + ledgers)
    : (LIMITS.databaseBytes - ledgers) / aMonth;
}

/** Number of databases needed so that each is at most half full and half busy. */
export function databasesFor(limits: Limit[]): number {
  const shares = limits
    .filter(({ name }) => ["D1, size of a database", "D1, one thread"].includes(name))
    .map(shareOf);
  return Math.max(1, ...shares.map((share) => Math.ceil(share / 0.5)));
}

/** Number of isolates whose memory the open streams fill. Cloudflare starts them on demand. */
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
