import { readdirSync, readFileSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";
import { expect, test } from "vitest";

const files = readdirSync("migrations/ems").filter((name) => name.endsWith(".sql"));

/** A database of an earlier version: all migrations before the named one, and that version's rows. */
function databaseBefore(migration: string, ...rows: string[]): DatabaseSync {
  const db = new DatabaseSync(":memory:");
  for (const file of files.sort())
    if (file < migration) db.exec(readFileSync(`migrations/ems/${file}`, "utf8"));
  for (const row of rows) db.exec(row);
  return db;
}

test("an account with a past or present grant has proven its address, others have not", () => {
  const account = (id: string, fields: string) =>
    `INSERT INTO ems_accounts (id, company_id, email_address, provider, status, created_at, ${fields.split("=")[0]})
    VALUES ('${id}', 5, '${id}@demo.example', 'imap', 'disconnected', 7, ${fields.split("=")[1]})`;
  const db = databaseBefore(
    "0014_streams.sql",
    account("connected", "grant_id='g'"),
    account("revoked", "grant_provider='imap'"),
    account("full", "message_count=1"),
    account("synced", "display_name=NULL"),
    account("never", "display_name=NULL"),
    "INSERT INTO ems_syncs (account_id, run, state, moved_at, swept_until, oldest_at) VALUES ('synced', 'r', 'done', 1, 1, 253402300799)",
  );
  db.exec(readFileSync("migrations/ems/0014_streams.sql", "utf8"));
  const rows = db.prepare("SELECT id, proven_at FROM ems_accounts ORDER BY id").all();
  expect(Object.fromEntries(rows.map(({ id, proven_at }) => [id, proven_at]))).toEqual({
    ...{ connected: 7, revoked: 7, full: 7, synced: 7 },
    never: null,
  });
  expect(db.prepare("SELECT oldest_at FROM ems_syncs").get()).toEqual({ oldest_at: null });
  // A proven address is unique. A mere claim is unique per company.
  const insert = (company: number, address: string, proven: number | null) =>
    db
      .prepare(
        "INSERT INTO ems_accounts (id, company_id, email_address, provider, status, created_at, proven_at) VALUES (?, ?, ?, '', '', 1, ?)",
      )
      .run(crypto.randomUUID(), company, address, proven);
  expect(() => insert(6, "FULL@demo.example", 9)).toThrow("UNIQUE");
  expect(() => insert(5, "NEVER@demo.example", null)).toThrow("UNIQUE");
  insert(6, "never@demo.example", 9);
});

test("mails of the last 30 days have who sent them, by the outbox", () => {
  const mail = (id: string) =>
    `INSERT INTO ems_messages (id, company_id, account_id, thread_id, provider_message_id, from_address, to_addresses,
       subject, direction, has_attachments, sent_at, created_at, observed_at, applied_by)
     VALUES ('${id}', 1, 'a', 't', '${id}', 'us@demo.example', '[]', '', 'outbound', 0, 1, 1, 1, '')`;
  const entry = (id: string, user: number, state: string, message: string) =>
    `INSERT INTO ems_outbox (id, company_id, account_id, user_id, state, provider_key, mail_digest, subject, to_addresses,
       message_id, send_at, created_at, updated_at)
     VALUES ('${id}', 1, 'a', ${user}, '${state}', '${id}', '', '', '[]', ${message}, 1, 1, 1)`;
  const mails = ["ours", "theirs", "elsewhere"].map(mail);
  const entries = [
    entry("1", 7, "sent", "'ours'"),
    entry("2", 8, "sent", "'theirs'"),
    entry("3", 9, "queued", "NULL"),
  ];
  const db = databaseBefore("0027_users.sql", ...mails, ...entries);
  db.exec(readFileSync("migrations/ems/0027_users.sql", "utf8"));
  const rows = db.prepare("SELECT id, sent_by FROM ems_messages").all();
  expect(Object.fromEntries(rows.map(({ id, sent_by }) => [id, sent_by]))).toEqual({
    ...{ ours: 7, theirs: 8 },
    elsewhere: null,
  });
});

test("objects that wait for their deletion still do", () => {
  const rows = [
    { key: "bodies/1/a", due_at: 5 },
    { key: "uploads/2/b", due_at: 3 },
  ];
  const inserts = rows.map(({ key, due_at }) => `INSERT INTO ems_garbage VALUES ('${key}', ${due_at})`);
  const db = databaseBefore("0019_inline_bodies.sql", ...inserts);
  db.exec(readFileSync("migrations/ems/0019_inline_bodies.sql", "utf8"));
  expect(db.prepare("SELECT * FROM ems_garbage ORDER BY key").all()).toEqual(rows);
  // The triggers of other tables still find it.
  db.exec(`
    INSERT INTO ems_uploads (id, company_id, user_id, filename, content_type, size_bytes, content_id, created_at)
    VALUES ('b', 2, 1, 'f', 't', 1, 'c', 1)`);
  expect(db.prepare("SELECT key FROM ems_garbage").all()).toEqual([{ key: "bodies/1/a" }]);
});
