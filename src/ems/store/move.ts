import { nowSeconds } from "../../lib/time.ts";
import { follow, newestChange, startRecording, stopRecording } from "./changes.ts";
import { claimsOf } from "./claims.ts";
import { comparePage, copyPage, deletePage, type Key, type Move, refresh } from "./copy.ts";
import { COMPANY_TABLES, NUMBERED } from "./tables.ts";

// A company is moved while it is used: its rows are copied and compared page by page, and rows that change meanwhile are
// copied again. Then its queries wait for the last changes, and go to the object from there on. Every step can be
// repeated, and the object's alarm takes the next one, so a crash at any point only delays the move.

/** How far a move is. */
export interface Progress {
  stage: "copying" | "comparing" | "switching" | "cleaning";
  /** The table, by its place in the list, and where its next page begins. */
  table: number;
  after: Key | null;
  copied: number;
  /** Rows that differed when they were compared, and were copied again. */
  repaired: number;
  /** True while the comparison has found no difference. */
  isSame: boolean;
  /** Rows deleted in this round of cleaning. */
  deleted: number;
  /** Why the last step failed. */
  error: string | null;
}

const TABLES = Object.keys(COMPANY_TABLES);
/** Other rows are found by means of these, so they are deleted last. */
const LAST = ["ems_outbox", "ems_accounts", "ems_erasures"];
const CLEANED = [...TABLES.filter((name) => !LAST.includes(name)), ...LAST];

const start = { table: 0, after: null, isSame: true, deleted: 0, error: null };

/** Begins a move. @returns null while another company is being moved */
export async function beginMove(move: Move): Promise<Progress | null> {
  const [rows] = await move.runInD1([
    {
      sql: `INSERT INTO ems_moves (id, company_id, started_at) VALUES (1, ?, ?)
        ON CONFLICT (id) DO UPDATE SET started_at = excluded.started_at WHERE company_id = excluded.company_id
        RETURNING id`,
      params: [move.company, nowSeconds()],
    },
  ]);
  return rows?.length ? { ...start, stage: "copying", copied: 0, repaired: 0 } : null;
}

/**
 * Takes the next step of a move: a page, or some changes.
 * @param flip runs work while the company's queries wait, and sends them to the object from there on
 * @returns null when the move has ended
 */
export async function stepMove(
  move: Move,
  progress: Progress,
  flip: (work: () => Promise<void>) => Promise<void>,
): Promise<Progress | null> {
  switch (progress.stage) {
    case "copying":
      return copy(move, progress);
    case "comparing":
      return compare(move, progress);
    case "switching":
      if ((await follow(move, await newestChange(move))) > 0) return progress;
      await flip(() => finish(move));
      return { ...progress, ...start, stage: "cleaning" };
    case "cleaning":
      return clean(move, progress);
  }
}

async function copy(move: Move, progress: Progress): Promise<Progress> {
  const name = TABLES[progress.table];
  if (progress.table === 0 && progress.after === null) await startRecording(move);
  if (name === undefined) return { ...progress, ...start, stage: "comparing" };
  const { copied, next } = await copyPage(move, name, progress.after);
  return { ...advance(progress, next), copied: progress.copied + copied };
}

async function compare(move: Move, progress: Progress): Promise<Progress> {
  const name = TABLES[progress.table];
  if (name === undefined) {
    return { ...progress, ...start, stage: progress.isSame ? "switching" : "comparing" };
  }
  if ((await follow(move, await newestChange(move))) > 0) return progress;
  const { different, next } = await comparePage(move, name, progress.after);
  // Rows that changed after the copy was read differ, too. They are in the list of changes.
  for (let upTo = different.length ? await newestChange(move) : 0; (await follow(move, upTo)) > 0; );
  const repaired = await refresh(
    move,
    different.map((key) => ({ name, key })),
  );
  const isSame = progress.isSame && repaired === 0;
  return { ...advance(progress, next), isSame, repaired: progress.repaired + repaired };
}

/** The last changes, while the company's queries wait. */
async function finish(move: Move): Promise<void> {
  const upTo = await newestChange(move);
  while ((await follow(move, upTo)) > 0);
  const { company, storage, runInD1 } = move;
  const accounts = storage.sql
    .exec<{ email_address: string; grant_id: string | null }>(
      "SELECT email_address, grant_id FROM ems_accounts WHERE proven_at IS NOT NULL",
    )
    .toArray();
  const claims = accounts.flatMap(claimsOf);
  const numbers = Object.entries(NUMBERED);
  const [, ...newest] = await runInD1([
    {
      sql: `INSERT INTO ems_directory (key, company_id, claimed_at) SELECT value, ?, ? FROM json_each(?) WHERE true
        ON CONFLICT (key) DO UPDATE SET company_id = excluded.company_id`,
      params: [company, nowSeconds(), JSON.stringify(claims)],
    },
    ...numbers.map(([table, id]) => ({ sql: `SELECT max(${id}) AS id FROM ${table}`, params: [] })),
  ]);
  const [event, late] = newest.map((rows) => (rows as { id: number | null }[])[0]?.id ?? 0);
  storage.transactionSync(() => {
    // Ids go on above all of D1's, since positions of the live feed and counters name such ids. The event makes clients
    // reload their accounts, which is harmless.
    storage.sql.exec(
      `INSERT OR IGNORE INTO ems_events (id, company_id, type, cause, created_at)
       VALUES (?, ?, 'account.updated', ?, unixepoch())`,
      (event ?? 0) + 1,
      company,
      `moved/${company}`,
    );
    storage.sql.exec(
      "INSERT OR IGNORE INTO ems_late_messages (seq, account_id, message_id) VALUES (?, '', '')",
      (late ?? 0) + 1,
    );
    storage.sql.exec("DELETE FROM ems_late_messages WHERE account_id = ''");
  });
}

async function clean(move: Move, progress: Progress): Promise<Progress | null> {
  const name = CLEANED[progress.table];
  if (progress.table === 0 && progress.after === null) await stopRecording(move);
  if (name !== undefined) {
    const { deleted, next } = await deletePage(move, name, progress.after);
    return { ...advance(progress, next), deleted: progress.deleted + deleted };
  }
  // Triggers may have written rows again.
  if (progress.deleted > 0) return { ...progress, ...start, stage: "cleaning" };
  await move.runInD1([{ sql: "DELETE FROM ems_moves WHERE company_id = ?", params: [move.company] }]);
  return null;
}

const advance = (progress: Progress, next: Key | null): Progress =>
  next
    ? { ...progress, after: next, error: null }
    : { ...progress, table: progress.table + 1, after: null, error: null };
