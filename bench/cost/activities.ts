import { CPU_MS, ESTIMATES, type Scale, SWEPT_A_RUN, volume } from "./volumes.ts";

/** A recurring activity. */
export interface Activity {
  /** The case of `bench units` with its units; null if it costs only CPU. */
  name: string | null;
  /** Times per working day in one company. */
  count: number;
  /** External requests to the Worker. */
  requests: number;
  /** CPU in milliseconds, with queue consumers. */
  cpuMs: number;
  /** Messages in the two queues. */
  webhooks: number;
  jobs: number;
}

/** The volumes of a company on a working day. */
export interface Day {
  users: number;
  mailsIn: number;
  mails: number;
  notifications: number;
  /** Events sent to all streams of the company. */
  shared: number;
  /** All events in the log, including those for one user. */
  events: number;
  /** How often sweeps see a message again. */
  seenAgain: number;
}

/** Computes the volumes of a company on a working day. */
export function dayOf({ users: all, companies }: Scale): Day {
  const users = all / companies;
  const mailsIn = volume("mailboxes") * volume("mailsIn");
  const mails = mailsIn + volume("mailboxes") * volume("mailsOut");
  const updates = mails * volume("updates");
  // A new message raises two events: one for itself, one for its thread.
  const shared = 2 * mails + updates;
  const own = users * (volume("reads") + volume("stars") + volume("archives"));
  const seenAgain = mails * (1 + 60 / sweepMinutes(companies));
  return { users, mailsIn, mails, notifications: mails + updates, shared, events: shared + own, seenAgain };
}

/** Minutes between sweeps of a mailbox: the interval of cron, longer if one run cannot sweep all. */
export const sweepMinutes = (companies: number): number =>
  10 * Math.max(1, (companies * volume("mailboxes")) / SWEPT_A_RUN);

/** The activities of a company on a working day. */
export function activitiesOf(scale: Scale): Activity[] {
  const day = dayOf(scale);
  return [...asked(day), ...received(day), ...streamed(day), ...background(day)];
}

/** Requests of users. */
function asked({ users, mails, mailsIn }: Day): Activity[] {
  const lists = users * (volume("lists") + mails * volume("refreshes"));
  const times = (name: "threads" | "reads" | "stars" | "archives" | "downloads" | "drafts") =>
    users * volume(name);
  return [
    { ...request("inbox, page 1, all read but ten", lists), cpuMs: CPU_MS.list },
    request("unread counts", lists),
    request("a thread of 4", times("threads")),
    work("get a large body from R2", 4 * times("threads") * volume("largeBodies")),
    request("read a mail, the first that is touched", times("reads")),
    request("star a mail", times("stars")),
    request("archive a mail", times("archives")),
    request("a download's URL", times("downloads")),
    request("download a file", times("downloads")),
    request("change a draft", times("drafts")),
    request("reply", mails - mailsIn),
  ];
}

/** Notifications of the provider, and the work that follows. */
function received({ mails, mailsIn, notifications }: Day): Activity[] {
  const begun = mailsIn * volume("newThreads");
  const withFiles = mailsIn * volume("withFiles");
  return [
    notification("new mail, new thread", begun),
    { ...notification("new mail with a file", withFiles), cpuMs: 3 * CPU_MS.other, jobs: 1 },
    notification("new mail, known thread", mailsIn - begun - withFiles),
    notification("our own mail comes back", mails - mailsIn),
    notification("message.updated, folders only", mails * volume("updates")),
    work("put a large body into R2", mails * volume("largeBodies")),
    work("put a large notification into R2, and get it", notifications * volume("largeNotifications")),
  ];
}

/** Open streams, which cost mostly CPU. */
function streamed({ users, notifications, shared }: Day): Activity[] {
  const minutes = users * volume("streamHours") * 60;
  return [
    request("open a stream", minutes / volume("streamMinutes")),
    work("a hub reads its log", notifications),
    { ...work(null, shared * users), cpuMs: CPU_MS.delivery },
    { ...work(null, minutes * ESTIMATES.keepalivesAMinute), cpuMs: CPU_MS.keepalive },
  ];
}

/** Sweeps, and removal of expired rows: as many per day as are added. */
const background = ({ notifications, events, seenAgain }: Day): Activity[] => [
  { ...work("a sweep sees a mail again", seenAgain), cpuMs: CPU_MS.other },
  work("remove an expired delivery", notifications),
  work("remove an expired event", events),
];

const work = (name: string | null, count: number): Activity => ({
  ...{ name, count },
  ...{ requests: 0, cpuMs: 0, webhooks: 0, jobs: 0 },
});

const request = (name: string, count: number): Activity => ({
  ...work(name, count),
  ...{ requests: 1, cpuMs: CPU_MS.other },
});

/** One request to the webhook route, and one run of the consumer. */
const notification = (name: string, count: number): Activity => ({
  ...work(name, count),
  ...{ requests: 1, cpuMs: 2 * CPU_MS.other, webhooks: 1 },
});
