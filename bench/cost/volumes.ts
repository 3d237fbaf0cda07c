/** How many use Xabar, and how they are spread. */
export interface Scale {
  users: number;
  companies: number;
}

/** The scales that are computed. */
export const SCALES: Scale[] = [
  { users: 10, companies: 1 },
  { users: 1000, companies: 40 },
  { users: 100_000, companies: 4000 },
];

export const WORKING_DAYS = 22;
export const DAYS = 30;
const CRON_RUNS_AN_HOUR = 6;
export const CRON_RUNS_A_MONTH = CRON_RUNS_AN_HOUR * 24 * DAYS;

/** Mailboxes that a run of cron sweeps: ACCOUNTS_PER_RUN in src/ems/intake/sweep.ts. */
export const SWEPT_A_RUN = 2000;

/** What is assumed: a value, and what it counts. Edit it, and the document follows. */
export const VOLUMES = {
  mailboxes: [3, "mailboxes a company"],
  mailsIn: [120, "mails that come to a mailbox a working day"],
  mailsOut: [60, "mails that are sent from a mailbox a working day, most of them replies"],
  newThreads: [0.4, "of the mails that come begin a thread"],
  updates: [2, "message.updated for each mail, after its message.created"],
  withFiles: [0.3, "of the mails that come have files"],
  mailFilesMb: [0.5, "MB of files in such a mail"],
  bodyKb: [10, "KB of a mail's body, on average of those up to 64 KB, which lie in D1"],
  largeBodies: [0.03, "of the mails have a body over 64 KB, which goes to R2: 150 KB"],
  lists: [40, "lists that a user opens a working day, each with the unread counts"],
  refreshes: [
    1,
    "reloads of the list and the unread counts by each open client for each new mail of its company",
  ],
  threads: [40, "threads that a user opens a working day"],
  reads: [40, "mails that a user reads a working day"],
  stars: [5, "mails that a user stars a working day"],
  archives: [20, "mails that a user archives a working day"],
  downloads: [5, "files that a user downloads a working day"],
  drafts: [30, "times that a draft of a user's is saved a working day"],
  streamHours: [8, "hours a working day that a user's stream is open"],
  streamMinutes: [27, "minutes until a stream ends and the client opens another"],
  peak: [3, "times the average of the working day's 8 hours at the busiest moment, all companies at once"],
  keptMonths: [12, "months of mail that are stored: the bill is that of the last of them"],
} as const satisfies Record<string, [number, string]>;

/** The value of an assumption. */
export const volume = (name: keyof typeof VOLUMES): number => VOLUMES[name][0];

/** Seconds of a working day. */
export const WORKING_SECONDS = 8 * 3600;

/**
 * Milliseconds of CPU, measured locally: by `bench requests --profile`, of the Worker's own isolate and without what
 * plays D1 and the rest, which Cloudflare bills otherwise; for streams, by `bench live`.
 */
export const CPU_MS = { list: 0.8, other: 0.6, delivery: 0.09, keepalive: 0.09 };

/** What no unit tells, in bytes unless its name says otherwise. */
export const ESTIMATES = {
  /** What a row takes with its indexes, measured with 50,000 of each: of a user's state of a mail, of the webhook
   * ledger, of the event log. The last two are kept for 30 days. */
  entryBytes: 400,
  deliveryBytes: 360,
  eventBytes: 265,
  /** Entries are also written for mails among which a user has read most. */
  entriesForEachRead: 1.3,
  /** Raw notifications are kept in R2 for 30 days: what there is of one besides the body. */
  notificationBytes: 3000,
  largeBodyBytes: 150_000,
  /** A comment every 15 s, unless there was an event. */
  keepalivesAMinute: 4,
  /** A line of the log, with what Cloudflare adds to it. Kept for 7 days. */
  logBytes: 1200,
  logDays: 7,
  /** How long a request keeps a hub awake, in ms: it reads its log from D1. */
  hubMs: 50,
  /** Of memory, which Cloudflare bills whatever is used. */
  hubGb: 0.128,
  /** What a query takes of a database's one thread, in ms: the figure of Cloudflare's own example. */
  queryMs: 1,
  /** How long a notification takes its consumer, in seconds: it asks Nylas for the Message-ID. */
  consumerSeconds: 0.5,
  /** What an open stream takes of memory, measured locally by `bench live`. */
  streamBytes: 166_000,
};
