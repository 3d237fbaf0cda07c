import { CASES } from "./cases.ts";
import { type Cost, costOf, type Results } from "./measure.ts";

/** A bar and the measured values. */
export interface Bar {
  what: string;
  limit: string;
  /** By size. */
  values: string[];
  holds: boolean;
}

const PAGE_ROWS = 150;
/** Rows written per change: event 2, entry 1 or 2, its index 1 where it moves, counters 1. */
const CHANGE_ROWS = 5;
/** Of 25 conversations with four mails each. */
const CONVERSATIONS_ROWS = 600;
const COMPANIES = [40, 300];
const KB = 1000;

/** Checks the results against the bars. */
export const checkBars = (results: Results): Bar[] => [
  ...[
    "inbox, page 1, nothing touched",
    "inbox, page 1, all read but ten",
    "messages, page 1",
    "threads, page 1",
  ].map((name) => constant(results, name)),
  ...["inbox", "messages", "threads"].flatMap((list) =>
    COMPANIES.map((count) =>
      atMost(results, `${list}, ${count} companies`, PAGE_ROWS, rowsReadPer(count), "rows read per company"),
    ),
  ),
  atMost(
    results,
    "inbox, 40 companies, all read but ten each",
    PAGE_ROWS,
    rowsReadPer(40),
    "rows read per company",
  ),
  ...[
    "conversations, nothing touched",
    "conversations, all read but ten",
    "conversations, ten that are not archived",
    "conversations, archived, all but ten",
    "conversations, all",
    "conversations, page 8, nothing touched",
    "conversations, page 8, all read but ten",
  ].map((name) => constant(results, name, CONVERSATIONS_ROWS)),
  atMost(results, "conversations, unread, ten among all", 1500, rowsReadPer(1), "rows read"),
  ...COMPANIES.map((count) =>
    atMost(
      results,
      `conversations, ${count} companies`,
      PAGE_ROWS,
      rowsReadPer(count),
      "rows read per company",
    ),
  ),
  atMost(
    results,
    "archive a conversation of 4",
    4 * CHANGE_ROWS,
    ({ rowsWritten }) => rowsWritten,
    "rows written",
  ),
  atMost(results, "archive it again", 0, ({ rowsWritten }) => rowsWritten, "rows written"),
  atMost(results, "inbox, unread, ten among all", 1000, rowsReadPer(1), "rows read"),
  atMost(results, "unread counts", 4, rowsReadPer(1), "rows read per account"),
  atMost(results, "unread counts, 40 companies", 4, rowsReadPer(40), "rows read per account"),
  atMost(results, "contacts, one letter", PAGE_ROWS, rowsReadPer(1), "rows read"),
  atMost(results, "contacts, 300 companies", PAGE_ROWS, rowsReadPer(20), "rows read per company looked at"),
  atMost(results, "users, page 1", PAGE_ROWS, rowsReadPer(1), "rows read"),
  atMost(results, "me, 300 companies", 3, rowsReadPer(300), "rows read per company"),
  ...["me", "me, 300 companies"].map((name) =>
    atMost(results, name, 0, ({ rowsWritten }) => rowsWritten, "rows written"),
  ),
  atMost(results, "new mail, known thread", 30, ({ rowsWritten }) => rowsWritten, "rows written"),
  ...["1 user has read all around it", "50 users have"].map((readers) =>
    atMost(
      results,
      `late mail, known thread, ${readers}`,
      30,
      ({ rowsWritten }) => rowsWritten,
      "rows written",
    ),
  ),
  ...["read a mail, the first that is touched", "unread a mail", "star a mail", "archive a mail"].map(
    (name) => atMost(results, name, CHANGE_ROWS, ({ rowsWritten }) => rowsWritten, "rows written"),
  ),
  atMost(results, "duplicate delivery", 3, ({ rowsWritten }) => rowsWritten, "rows written"),
  atMost(results, "the same mail under another id", 3, ({ rowsWritten }) => rowsWritten, "rows written"),
  // A row of the page, and one of the count.
  atMost(results, "email accounts, all 100", 205, rowsReadPer(1), "rows read"),
  // The limit of requests.
  atMost(results, "email accounts, all 100", 1, ({ rowsWritten }) => rowsWritten, "rows written"),
  atMost(results, "email accounts, all 100", 1, ({ durableRequests }) => durableRequests, "DO requests"),
  hibernation(results),
  bundle(results),
  unexplained(results),
];

const rowsReadPer =
  (count: number) =>
  ({ rowsRead }: Cost): number =>
    rowsRead / count;

function atMost(
  results: Results,
  name: string,
  limit: number,
  measure: (cost: Cost) => number,
  unit: string,
): Bar {
  const values = results.sizes.map((size) => measure(costOf(results, size, name)));
  const holds = values.every((value) => value <= limit);
  return { what: name, limit: `≤ ${limit} ${unit}`, values: values.map(shown), holds };
}

const shown = (value: number): string => value.toLocaleString("en-US", { maximumFractionDigits: 1 });

function constant(results: Results, name: string, limit = PAGE_ROWS): Bar {
  const bar = atMost(results, name, limit, rowsReadPer(1), "rows read, at every size the same");
  return { ...bar, holds: bar.holds && new Set(bar.values).size === 1 };
}

/** The hub was constructed again for the first event after the silence, so it had hibernated. */
function hibernation(results: Results): Bar {
  const name = "protect a thread, 1 stream open, its hub asleep";
  const starts = results.sizes.map((size) => costOf(results, size, name).hubStarts);
  return {
    what: "an idle stream",
    limit: "its hub hibernates",
    values: starts.map((count) => (count ? "it slept" : "it was awake")),
    holds: starts.every((count) => count > 0),
  };
}

function bundle({ sizes, bundleBytes }: Results): Bar {
  const size = (bundleBytes / KB).toFixed(1);
  return {
    what: "the bundle, minified and gzipped",
    limit: "≤ 200 KB",
    values: sizes.map((_, nth) => (nth ? "" : size)),
    holds: bundleBytes <= 200 * KB,
  };
}

/** Growth of more than 10 % and 5 rows. Smaller differences come from other messages on page 1. */
const isMore = (small: number, large: number): boolean => large > small * 1.1 + 5;

/** All other calls must cost the same as in the smallest mailbox, unless their case gives a reason. */
function unexplained(results: Results): Bar {
  const { sizes, bySize } = results;
  const [smallest = 0] = sizes;
  const rising = (size: number) =>
    CASES.filter(({ name, grows }) => {
      const small = bySize.get(smallest)?.get(name);
      const large = bySize.get(size)?.get(name);
      if (grows || !small || !large) return false;
      return isMore(small.rowsRead, large.rowsRead) || isMore(small.rowsWritten, large.rowsWritten);
    });
  const values = sizes.map((size) => rising(size).map(({ name }) => name));
  return {
    what: "all other calls",
    limit: "do not grow with the mailbox",
    values: values.map((names) => names.join("; ") || "none does"),
    holds: values.flat().length === 0,
  };
}
