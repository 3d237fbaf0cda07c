/// <reference types="vite/types/importMeta.d.ts" />
import { env } from "cloudflare:workers";
import { beforeAll, describe, expect, it } from "vitest";
import { eraseEverything } from "../support/calls-erasing.ts";
import {
  connectAccounts,
  moveAndDelete,
  moveMails,
  receiveMails,
  replay,
  runCron,
  tellOutcomes,
} from "../support/calls-intake.ts";
import { changeInbox, follow, readLists, readOne } from "../support/calls-reading.ts";
import { send, uploadFiles, writeDrafts } from "../support/calls-sending.ts";
import { type Grown, grow } from "../support/grown.ts";
import { silenceLog } from "../support/log-check.ts";
import { createObservedWorker, type ObservedWorker, type Ran } from "../support/observed-worker.ts";
import { routes } from "../support/routes.ts";

// Runs every request twice: in a company of 400 messages, and in one with 20 times as many of everything. No
// statement may scan a table, or read more rows in the large company.

const MESSAGES = 400;
const GROWTH = 20;
/**
 * Extra rows that a statement may read in the large company, which runs second and finds rows left by the first.
 */
const SLACK = 10;

interface Exception {
  /** A piece of the statement's text. */
  sql: string;
  /** An upper bound of the rows it can match. */
  why: string;
  /** Rows it may read, for a statement with a LIMIT. */
  rows?: number;
}

const SCANS: Exception[] = [
  { sql: "FROM ems_events ORDER BY rowid LIMIT", why: "cron looks at the oldest 1,000 events", rows: 1100 },
  { sql: "FROM ems_outbox ORDER BY id LIMIT", why: "cron looks at the oldest 1,000 entries", rows: 1100 },
  {
    sql: "FROM ems_deliveries ORDER BY rowid LIMIT",
    why: "cron looks at the oldest 1,000 of them",
    rows: 1100,
  },
  {
    sql: "FROM ems_stream_tickets ORDER BY rowid LIMIT",
    why: "cron looks at the oldest 1,000 tickets",
    rows: 1100,
  },
  {
    sql: "FROM ems_sign_ins ORDER BY rowid LIMIT",
    why: "cron looks at the oldest 1,000 sign-ins",
    rows: 1100,
  },
  {
    sql: "FROM ems_tombstones ORDER BY rowid LIMIT",
    why: "cron looks at the oldest 1,000 of them",
    rows: 1100,
  },
  {
    sql: "FROM ems_departures ORDER BY rowid LIMIT",
    why: "cron looks at the oldest 1,000 of them",
    rows: 1100,
  },
  {
    sql: "FROM ems_syncs s INDEXED BY ems_syncs_swept",
    why: "cron takes the 2,000 accounts that have waited longest",
    rows: 4100,
  },
  { sql: "FROM ems_totals", why: "a row for each state of mailboxes, mail and notifications", rows: 15 },
  { sql: "FROM ems_syncs INDEXED BY ems_syncs_failed", why: "an index has the failed backfills alone" },
];

/** Statements that may read more rows in a larger company, up to a bound. */
const GROWING: Required<Exception>[] = [
  {
    sql: "SELECT page.*, m.thread_id, m.company_id, m.id AS message_id FROM ( SELECT m.id, m.sent_at AS at",
    why: "a filter for unread conversations looks at the next 500 messages",
    rows: 1600,
  },
  {
    sql: "FROM ems_messages WHERE id > ? ORDER BY id LIMIT",
    why: "cron looks at the next 1,000 messages for a body in its row",
    rows: 1100,
  },
  {
    sql: "FROM ems_messages WHERE id > ? AND id <= ?",
    why: "cron looks at the next 1,000 messages for a body in its row",
    rows: 2100,
  },
  {
    sql: "FROM ( SELECT id, received_at AS at FROM ems_deliveries",
    why: "a filter looks at the next 1,000 deliveries",
    rows: 1100,
  },
  {
    sql: "FROM ( SELECT *, received_at AS at FROM ems_deliveries",
    why: "a filter looks at the next 1,000 deliveries",
    rows: 1100,
  },
  {
    sql: "DELETE FROM ems_events WHERE id > ? AND id <= ? AND +company_id = ?",
    why: "an erasure looks at the next 5,000 events",
    rows: 5100,
  },
];

/**
 * Statements covered by another test, because they need two databases, a race, or an outage
 * (chaos/outage.test.ts).
 */
const ELSEWHERE = [
  "DELETE FROM ems_accounts WHERE id =",
  "UPDATE ems_accounts SET proven_at =",
  "UPDATE ems_suspects SET ask_at =",
  "UPDATE ems_syncs SET moved_at =",
  "iif(replays <",
  "replays + 1",
  // A company's object reports: metrics.test.ts. Tests have no list of migrations: health.test.ts.
  ...["DELETE FROM ems_reports WHERE company_id =", "INSERT INTO ems_reports SELECT"],
  ...["DELETE FROM ems_totals WHERE name =", "DELETE FROM ems_totals WHERE name = 'repaired'"],
  "SELECT count(*) AS applied FROM d1_migrations",
];

const SORTS: Exception[] = [
  { sql: "ems_events_audience ON user_id = audience", why: "the new private events of users with a stream" },
  { sql: "ems_uploads u ON u.id = j.value", why: "the files of a mail, 20 at most" },
  {
    sql: "WHERE a.message_id = ? AND a.company_id IN (SELECT value FROM json_each(?)) ORDER BY a.rowid",
    why: "files of a message",
  },
  {
    sql: "FROM ems_attachments WHERE message_id = (",
    why: "files of a message",
  },
  { sql: "AND a.content_id IS NOT NULL ORDER BY a.is_inline DESC, a.rowid", why: "files of a message" },
  { sql: "AND thread_version > ? AND", why: "the messages of one thread, for an answer that came too late" },
];

const oneLine = (sql: string): string => sql.replace(/\s+/g, " ").trim();
const isExcepted = (list: Exception[], sql: string): boolean => list.some((one) => sql.includes(one.sql));

/** Each statement by its text on one line, in its run with the most rows read. */
function dearest(ran: Ran[]): Map<string, Ran> {
  const runs = new Map<string, Ran>();
  for (const run of ran) {
    const sql = oneLine(run.sql);
    if (run.rowsRead >= (runs.get(sql)?.rowsRead ?? 0)) runs.set(sql, run);
  }
  return runs;
}

/** SQLite's query plan for each statement, in D1: every store has the same tables and indexes. It omits the programs of triggers. */
async function explain(runs: Map<string, Ran>): Promise<Map<string, string[]>> {
  const texts = [...runs.keys()];
  const results = await env.DB.batch<{ detail: string }>(
    [...runs.values()].map(({ sql, params }) => env.DB.prepare(`EXPLAIN QUERY PLAN ${sql}`).bind(...params)),
  );
  return new Map(texts.map((sql, nth) => [sql, results[nth]?.results.map(({ detail }) => detail) ?? []]));
}

/**
 * Whether a step scans a whole table, or builds a temporary index. Subqueries have their own steps, and json_each
 * reads bound values. (The inbox names its subquery "page", threading "related".)
 */
const isScan = (step: string): boolean =>
  /^SCAN |AUTOMATIC/.test(step) &&
  !/VIRTUAL TABLE|CONSTANT ROW|^SCAN (\(subquery-\d+\)|(page|related)$)/.test(step);

const isSort = (step: string): boolean => step.includes("TEMP B-TREE");

const describeRun = (sql: string, by: string, lines: string[]): string =>
  [by, `  ${sql}`, ...lines.map((line) => `  -> ${line}`)].join("\n");

/** Lists each finding in the failure message. */
const none = (found: string[]): void => expect(found.length, `\n\n${found.join("\n\n")}\n\n`).toBe(0);

async function callEverything(worker: ObservedWorker, grown: Grown): Promise<void> {
  await readLists(worker, grown);
  await readOne(worker, grown);
  await changeInbox(worker, grown);
  await connectAccounts(worker, grown);
  await receiveMails(worker, grown);
  await moveAndDelete(worker, grown);
  await moveMails(worker, grown);
  await tellOutcomes(worker, grown);
  await send(worker, grown);
  await writeDrafts(worker, grown);
  await uploadFiles(worker, grown);
  await follow(worker, grown);
  await replay(worker, grown);
  await runCron(worker, grown);
  await eraseEverything(worker);
}

let small: Map<string, Ran>;
let large: Map<string, Ran>;
let plans: Map<string, string[]>;
let answered: Set<string>;

beforeAll(async () => {
  // Request logs would bury the failure message.
  silenceLog();
  const run = async (count: number) => {
    const worker = createObservedWorker();
    await callEverything(worker, await grow(count));
    answered = worker.answered;
    return dearest(worker.ran);
  };
  small = await run(MESSAGES);
  large = await run(MESSAGES * GROWTH);
  plans = await explain(large);
});

describe("the calls of this test", () => {
  it("succeed on every route", () => {
    const called = routes
      .filter(({ path }) => !path.endsWith("/move")) // Objects do that work in alarms: move.test.ts.
      .map(({ method, path }) => `${method} ${path}`);
    expect(called.filter((route) => !answered.has(route))).toEqual([]);
  });

  it("run the same statements in both companies", () => {
    expect([...large.keys()].filter((sql) => !small.has(sql))).toEqual([]);
    expect([...small.keys()].filter((sql) => !large.has(sql))).toEqual([]);
  });

  it("run each statement in the source", () => {
    const sources = import.meta.glob<string>(["../../src/ems/**/*.ts", "!../../src/ems/schema/*"], {
      query: "?raw",
      import: "default",
      eager: true,
    });
    const seen = [...large.keys()];
    // The directory is only for companies in objects.
    const used = ([path]: [string, string]) => env.STORE === "objects" || !path.endsWith("/ems/directory.ts");
    const missed = Object.entries(sources)
      .filter(used)
      .flatMap(([path, source]) =>
        [...source.matchAll(/sql(?:<[^`]+>)?`([^`$]+)/g)]
          .map(([, head = ""]) => oneLine(head))
          .filter(
            (head) => head.length > 6 && !ELSEWHERE.includes(head) && !seen.some((sql) => sql.includes(head)),
          )
          .map((head) => `${path}: ${head}`),
      );
    none(missed);
  });
});

describe("no statement", () => {
  it.each([
    { does: "scans a table", step: isScan, exceptions: SCANS },
    { does: "sorts what it finds", step: isSort, exceptions: SORTS },
  ])("$does", ({ step, exceptions }) => {
    const found = [...plans].filter(([, steps]) => steps.some(step));
    const wrong = found.filter(([sql]) => !isExcepted(exceptions, sql));
    none(wrong.map(([sql, steps]) => describeRun(sql, large.get(sql)?.by ?? "", steps.filter(step))));
    const unused = exceptions.filter((one) => !found.some(([sql]) => sql.includes(one.sql)));
    expect(unused).toEqual([]);
  });

  it(`reads more rows when there is ${GROWTH} times as much of everything`, () => {
    const grew = [...large].flatMap(([sql, { by, rowsRead }]) => {
      const before = small.get(sql)?.rowsRead ?? 0;
      const limit = [...SCANS, ...GROWING].find((one) => sql.includes(one.sql))?.rows ?? before + SLACK;
      if (rowsRead <= limit) return [];
      const triggers = sql.startsWith("SELECT") ? "" : ", with its triggers";
      const rows = `reads ${before} rows in a company of ${MESSAGES} messages, and ${rowsRead} in one of ${MESSAGES * GROWTH}${triggers}`;
      return [describeRun(sql, by, [rows, ...(plans.get(sql) ?? [])])];
    });
    none(grew);
  });
});
