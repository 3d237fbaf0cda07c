/** The number of users and companies. */
export interface Scale {
  users: number;
  companies: number;
}

/** The scales of the report. */
export const SCALES: Scale[] = [
  { users: 10, companies: 1 },
  { users: 1000, companies: 40 },
  { users: 100_000, companies: 4000 },
];

export const WORKING_DAYS = 22;
export const DAYS = 30;
const CRON_RUNS_AN_HOUR = 6;
export const CRON_RUNS_A_MONTH = CRON_RUNS_AN_HOUR * 24 * DAYS;

/** Mailboxes that one cron run sweeps: ACCOUNTS_PER_RUN of the sweep in the EMS. */
export const SWEPT_A_RUN = 2000;

/** The assumptions: a value and its meaning. Edit them and run the bench to update the document. */
export const VOLUMES = {
  mailboxes: [3, "mailboxes a company"],
  mailsIn: [120, "mails that come to a mailbox a working day"],
  mailsOut: [60, "mails that are sent from a mailbox a working day, most of them replies"],
  newThreads: [0.4, "of the mails that come begin a thread"],
  updates: [2, "message.updated for each mail, after its message.created"],
  withFiles: [0.3, "of the mails that come have files"],
  mailFilesMb: [0.5, "MB of files in such a mail"],
  bodyKb: [12, "KB of a mail's body, on average"],
  rowKb: [0.3, "KB of it that lie in D1, on average of all mails: bodies up to 2 KB"],
  largeBodies: [0.67, "of the mails have a larger body, which goes to R2"],
  packedKb: [4, "KB of such a body in R2, compressed"],
  largeNotifications: [0.02, "of the notifications have over 100 KB, and go through R2"],
  lists: [40, "lists that a user opens a working day, each with the unread counts"],
  refreshes: [
    0.1,
    "reloads of the list and the unread counts by each open client for each new mail of its company: nearly all clients take the new item from the event",
  ],
  threads: [40, "threads that a user opens a working day, each of 4 mails"],
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
 * CPU in milliseconds, measured locally: by `bench requests --profile` in the isolate of the Worker, without the local
 * D1, R2 and queues; for streams by `bench live`.
 */
export const CPU_MS = { list: 0.8, other: 0.6, delivery: 0.09, keepalive: 0.09 };

/** Estimates beside the units, in bytes unless the name says otherwise. */
export const ESTIMATES = {
  /** Size of a row with its indexes, measured with 50,000 rows: inbox entries, webhook log, event log. The logs are
   * kept for 30 days. */
  entryBytes: 400,
  deliveryBytes: 340,
  eventBytes: 265,
  /** Rows written per read message: a user who has read most of a range gets rows for all of it. */
  entriesForEachRead: 1.3,
  /** Size of a notification over 100 KB. Kept in R2 for 30 days. */
  largeNotificationBytes: 150_000,
  /** A comment every 15 s without an event. */
  keepalivesAMinute: 4,
  /** Size of a log line with the metadata of Cloudflare. Kept for 7 days. */
  logBytes: 1200,
  logDays: 7,
  /** The sample of `LOG_SAMPLE` (0.02), and one request of a hundred that fails or is slow. */
  loggedShare: 0.03,
  /** Time that a request keeps a hub awake, in ms, for reading the log from D1. */
  hubMs: 50,
  /** Memory of a hub in GB. Cloudflare bills this much regardless of use. */
  hubGb: 0.128,
  /** Time of a query on the single thread of a database, in ms, from Cloudflare's example. */
  queryMs: 1,
  /** Time of the consumer per notification in seconds, with a request to Nylas for the Message-ID. */
  consumerSeconds: 0.5,
  /** Memory of an open stream, measured locally by `bench live`. */
  streamBytes: 166_000,
};
