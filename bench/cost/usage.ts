import { HTML } from "../support/fill.ts";
import { type Activity, activitiesOf, type Day, dayOf } from "./activities.ts";
import type { Usage } from "./prices.ts";
import { NOTHING, type Units, type UnitTable } from "./units.ts";
import {
  CPU_MS,
  CRON_RUNS_A_MONTH,
  DAYS,
  ESTIMATES,
  type Scale,
  SWEPT_A_RUN,
  volume,
  WORKING_DAYS,
} from "./volumes.ts";

const GB = 1e9;

/** The activities of a company on a working day, with their units. */
export type Costed = { activity: Activity; units: Units }[];

/** Looks up the units of each activity of a company. */
export function costed(scale: Scale, table: UnitTable): Costed {
  const mails = dayOf(scale).mails * WORKING_DAYS * volume("keptMonths");
  return activitiesOf(scale).map((activity) => ({
    activity,
    units: activity.name === null ? NOTHING : table.of(activity.name, mails),
  }));
}

/** Sums a figure over the activities of a working day. */
export const sumOf = (activities: Costed, figure: (each: Costed[number]) => number): number =>
  activities.reduce((total, each) => total + each.activity.count * figure(each), 0);

/** Use of all companies in the last month of the retention period. */
export function usageOf(scale: Scale, table: UnitTable): Usage {
  const day = dayOf(scale);
  const activities = costed(scale, table);
  const monthly = scale.companies * WORKING_DAYS;
  const cron = cronOf(scale, table);
  const units = (name: keyof Units) =>
    monthly * sumOf(activities, (each) => each.units[name]) + cron.units[name];
  const requests = monthly * sumOf(activities, ({ activity }) => activity.requests);
  const queueOps = units("queueOps");
  const durableRequests = units("durableRequests");
  const logGb = (requests * ESTIMATES.loggedShare * ESTIMATES.logBytes) / GB;
  return {
    // The documentation does not say whether a queue batch is a request. Count one for each message.
    requests: requests + queueOps / 3 + CRON_RUNS_A_MONTH,
    cpuMs: monthly * sumOf(activities, ({ activity }) => activity.cpuMs) + cron.cpuMs,
    rowsRead: units("rowsRead"),
    rowsWritten: units("rowsWritten"),
    ...storage(scale, day, table.bytesPerMessage),
    r2A: units("r2A"),
    r2B: units("r2B"),
    ...{ queueOps, durableRequests },
    durableGbSeconds: durableRequests * (ESTIMATES.hubMs / 1000) * ESTIMATES.hubGb,
    // Each notification that adds events updates the stored cursor of the hub.
    durableRowsWritten: monthly * day.notifications,
    ...{ logGb, logGbMonths: (logGb * ESTIMATES.logDays) / DAYS },
  };
}

/** Units and CPU of cron, without the messages that sweeps read. */
function cronOf({ companies }: Scale, table: UnitTable): { units: Units; cpuMs: number } {
  const run = table.of("cron, one run, nothing due", Number.POSITIVE_INFINITY);
  const sweep = table.of("sweep a mailbox", Number.POSITIVE_INFINITY);
  const sweeps = Math.min(companies * volume("mailboxes"), SWEPT_A_RUN);
  const units = { ...NOTHING };
  for (const name of Object.keys(units) as (keyof Units)[])
    units[name] = CRON_RUNS_A_MONTH * (run[name] + sweeps * sweep[name]);
  return { units, cpuMs: CRON_RUNS_A_MONTH * CPU_MS.other * (1 + sweeps) };
}

/** Database bytes of all companies after a number of months. */
export function databaseBytes(
  { companies }: Scale,
  day: Day,
  bytesPerMessage: number,
  months: number,
): number {
  const { deliveryBytes, eventBytes, entryBytes, entriesForEachRead } = ESTIMATES;
  const entries = day.users * volume("reads") * entriesForEachRead;
  // The messages of `bench units` have shorter bodies.
  const messageBytes = bytesPerMessage - HTML.length + volume("rowKb") * 1000;
  const kept = (day.mails * messageBytes + entries * entryBytes) * months;
  const ledgers = (day.notifications * deliveryBytes + day.events * eventBytes) * Math.min(months, 1);
  return companies * WORKING_DAYS * (kept + ledgers);
}

function storage(scale: Scale, day: Day, bytesPerMessage: number): Pick<Usage, "d1Gb" | "r2Gb"> {
  const months = volume("keptMonths");
  const files = day.mailsIn * volume("withFiles") * volume("mailFilesMb") * 1e6;
  const bodies = day.mails * volume("largeBodies") * volume("packedKb") * 1000;
  const notifications = day.notifications * volume("largeNotifications") * ESTIMATES.largeNotificationBytes;
  const r2Bytes = scale.companies * WORKING_DAYS * ((files + bodies) * months + notifications);
  return { d1Gb: databaseBytes(scale, day, bytesPerMessage, months) / GB, r2Gb: r2Bytes / GB };
}
