import { readdirSync, readFileSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";
import { expect, it } from "vitest";

const MIGRATIONS = new URL("../../migrations/ems/", import.meta.url);

const files = readdirSync(MIGRATIONS)
  .filter((name) => name.endsWith(".sql"))
  .toSorted();

function migrate(db: DatabaseSync, isWanted: (name: string) => boolean): void {
  for (const name of files.filter(isWanted)) {
    for (const statement of readFileSync(new URL(name, MIGRATIONS), "utf8").split("--> statement-breakpoint"))
      db.exec(statement);
  }
}

/** Two mailboxes with threads of received and sent mail. Two users have read, starred and archived some. */
function fill(db: DatabaseSync): void {
  const thread = db.prepare(`
    INSERT INTO ems_threads (id, company_id, account_id, subject, first_message_at, last_message_at, created_at)
    VALUES (?, 1, ?, 'Subject', 1, 1, 1)`);
  const message = db.prepare(`
    INSERT INTO ems_messages (id, company_id, account_id, thread_id, threaded_by, provider_message_id, from_address,
      to_addresses, subject, direction, has_attachments, sent_at, created_at, observed_at, applied_by)
    VALUES (?, 1, ?, ?, 'none', ?, 'a@b.example', '[]', 'Subject', ?, 0, ?, 1, 1, 'x')`);
  const entry = db.prepare(`
    INSERT INTO ems_inbox_entries (user_id, message_id, company_id, account_id, sent_at, is_read, is_starred, is_archived)
    VALUES (?, ?, 1, ?, ?, ?, ?, ?)`);
  for (const account of ["one", "two"]) {
    db.prepare(
      "INSERT INTO ems_accounts (id, company_id, email_address, provider, status, created_at) VALUES (?, 1, ?, 'gmail', 'active', 1)",
    ).run(account, `${account}@b.example`);
    for (let n = 0; n < 40; n++) {
      const [id, threadId] = [`${account} m${n}`, `${account} t${n % 7}`];
      if (n < 7) thread.run(threadId, account);
      message.run(id, account, threadId, id, n % 3 === 0 ? "outbound" : "inbound", n);
      for (const user of [1, 2]) {
        if ((n * user) % 5 > 0) entry.run(user, id, account, n, n & 1, (n >> 1) & 1, (n >> user) & 1);
      }
    }
  }
}

/** Each stored counter, beside a fresh count. */
const COUNTED = {
  accounts: `
    SELECT a.id, message_count, hidden_message_count, thread_count, hidden_thread_count,
      (SELECT count(*) FROM ems_messages m WHERE m.account_id = a.id AND hidden = 0),
      (SELECT count(*) FROM ems_messages m WHERE m.account_id = a.id AND hidden = 1),
      (SELECT count(*) FROM ems_threads t WHERE t.account_id = a.id AND EXISTS (
        SELECT 1 FROM ems_messages m WHERE m.thread_id = t.id AND hidden = 0)),
      (SELECT count(*) FROM ems_threads t WHERE t.account_id = a.id AND NOT EXISTS (
        SELECT 1 FROM ems_messages m WHERE m.thread_id = t.id AND hidden = 0))
    FROM ems_accounts a`,
  threads: `
    SELECT t.id, message_count, hidden_count, last_message_at,
      (SELECT count(*) FROM ems_messages m WHERE m.thread_id = t.id AND hidden = 0),
      (SELECT count(*) FROM ems_messages m WHERE m.thread_id = t.id AND hidden = 1),
      coalesce((SELECT max(sent_at) FROM ems_messages m WHERE m.thread_id = t.id AND hidden = 0),
        (SELECT max(sent_at) FROM ems_messages m WHERE m.thread_id = t.id))
    FROM ems_threads t`,
};

function expectCounted(db: DatabaseSync): void {
  for (const [what, sql] of Object.entries(COUNTED)) {
    for (const [id, ...values] of db.prepare(sql).all().map(Object.values)) {
      const half = values.length / 2;
      expect([what, id, ...values.slice(0, half)]).toEqual([what, id, ...values.slice(half)]);
    }
  }
  const rows = (sql: string) => db.prepare(sql).all();
  expect(rows("SELECT * FROM ems_thread_folders ORDER BY thread_id, folder")).toEqual(
    rows(`
      SELECT thread_id, folder, account_id, count(*) AS message_count, max(sent_at) AS last_message_at
      FROM ems_messages GROUP BY thread_id, folder ORDER BY thread_id, folder`),
  );
  expect(
    rows(
      "SELECT * FROM ems_folder_counters WHERE message_count > 0 OR thread_count > 0 ORDER BY account_id, folder",
    ),
  ).toEqual(
    rows(`
      SELECT account_id, folder, count(*) AS message_count, count(DISTINCT thread_id) AS thread_count
      FROM ems_messages GROUP BY account_id, folder ORDER BY account_id, folder`),
  );
  expect(
    rows(`
      SELECT user_id, account_id, key AS place, value AS count FROM ems_inbox_counters, json_each(states)
      WHERE value <> 0 ORDER BY 1, 2, 3`),
  ).toEqual(
    rows(`
      SELECT user_id, account_id, folder || state AS place, count(*) AS count FROM ems_inbox_entries WHERE state > 0
      GROUP BY 1, 2, 3 ORDER BY 1, 2, 3`),
  );
}

it("rows stored before get folders and counters, which stay right afterwards", () => {
  const db = new DatabaseSync(":memory:");
  migrate(db, (name) => name < "0016");
  fill(db);
  migrate(db, (name) => name >= "0016");
  expectCounted(db);
  const folders = db.prepare("SELECT folder, count(*) AS n FROM ems_messages GROUP BY folder").all();
  expect(folders).toEqual([
    { folder: "inbox", n: 52 },
    { folder: "sent", n: 28 },
  ]);
  for (const change of [
    "UPDATE ems_messages SET folder = 'trash' WHERE sent_at % 5 = 0",
    "UPDATE ems_messages SET folder = 'junk' WHERE thread_id LIKE '% t3'",
    "UPDATE ems_threads SET version = 100, merged_into = 'one t1' WHERE id IN ('one t1', 'one t2', 'one t3')",
    "UPDATE ems_messages SET thread_id = 'one t5' WHERE id = 'one m4'",
    "UPDATE ems_messages SET folder = 'inbox' WHERE folder = 'trash' AND sent_at < 20",
    "UPDATE ems_inbox_entries SET is_read = NOT is_read, is_archived = 0 WHERE user_id = 1",
    "DELETE FROM ems_messages WHERE sent_at % 4 = 1",
    "DELETE FROM ems_messages WHERE thread_id = 'two t6'",
  ]) {
    db.exec(change);
    expectCounted(db);
  }
});
