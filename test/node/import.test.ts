import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { setTimeout as sleep } from "node:timers/promises";
import { gunzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { applyMigrations, databaseFile } from "../../dev/local-database.ts";
import { type Pglite, startPglite } from "./support/pglite.ts";

// An EMS of the contract's first implementation, in a PostgreSQL that speaks the wire protocol, is moved to local D1 and R2.

const ROOT = join(import.meta.dirname, "../..");
const NODE = join(ROOT, "node_modules/.bin/node");
const SCRIPT = join(ROOT, "ops/import-postgres.ts");
const [COMPANY, OTHER] = [7, 8];
const MESSAGES = 600;
const LARGE = "salom ".repeat(2000);

const state = mkdtempSync(join(tmpdir(), "xabar-import-"));
let source: Pglite;
let d1: DatabaseSync;

const id = (kind: number, n: string) =>
  `('01900000-0000-7000-880${kind}-' || lpad(to_hex(${n}), 12, '0'))::uuid`;
const time = (n: string) => `to_timestamp(1700000000 + ${n} * 60)`;

/** Two companies. Threads of four messages; one in ten has files, of which two have one id at the provider. */
const FILL = `
  CREATE TABLE companies (id int, name text);
  INSERT INTO companies VALUES (${COMPANY}, 'Choyxona'), (${OTHER}, NULL);
  ALTER TABLE accounts ADD COLUMN provider text DEFAULT 'GoDaddy', ADD COLUMN display_name text DEFAULT 'Jamoa';
  INSERT INTO accounts (id, company_id, email_address, grant_id, message_count, thread_count)
  SELECT ${id(0, "c")}, c, 'Team-' || c || '@demo.example', 'grant-' || c, ${MESSAGES}, ${MESSAGES / 4}
  FROM generate_series(${COMPANY}, ${OTHER}) c;
  INSERT INTO threads (id, company_id, account_id, provider_thread_id, subject, first_message_at, last_message_at,
    message_count, do_not_delete, version, created_at)
  SELECT ${id(1, "i * 16 + c")}, c, ${id(0, "c")}, 'thread-' || i, 'Buyurtma ' || i, ${time("i * 4")}, ${time("i * 4 + 3")},
    4, i = 3, 6, ${time("i * 4")}
  FROM generate_series(0, ${MESSAGES / 4 - 1}) i, generate_series(${COMPANY}, ${OTHER}) c;
  INSERT INTO messages (id, company_id, account_id, thread_id, provider_message_id, provider_thread_id,
    internet_message_id, from_address, from_name, reply_to, to_addresses, cc_addresses, subject, snippet, direction,
    folder, has_attachments, threaded_by, delivery, sent_at, created_at, body_text, body_html)
  SELECT ${id(2, "i * 16 + c")}, c, ${id(0, "c")}, ${id(1, "i / 4 * 16 + c")}, 'mail-' || i, 'thread-' || i / 4,
    '<' || i || '@Out.Example>', 'mijoz@out.example', CASE WHEN i % 3 > 0 THEN 'Mijoz 😀 "A"' END,
    CASE WHEN i % 7 = 0 THEN '[{"name":"Boshqa","email":"boshqa@out.example"}]'::json END,
    '[{"name":"Jamoa","email":"team@demo.example"}]', CASE WHEN i % 5 = 0 THEN '[{"email":"cc@out.example"}]'::json END,
    'Buyurtma ' || i / 4, 'Salom', CASE WHEN i % 4 = 3 THEN 'outbound' ELSE 'inbound' END,
    CASE WHEN i % 4 = 3 THEN 'sent' ELSE 'inbox' END, i % 10 = 0, 'provider',
    CASE WHEN i % 4 = 3 THEN '{"state":"sent","detail":null,"opened_count":2,"clicked_count":1}'::json END,
    ${time("i")}, ${time("i + 1")}, CASE WHEN i % 2 = 0 THEN 'Salom ' || i END,
    CASE WHEN i % 6 = 0 THEN '<p>${LARGE}' || i || '</p>' ELSE '<p>Salom ' || i || '</p>' END
  FROM generate_series(0, ${MESSAGES - 1}) i, generate_series(${COMPANY}, ${OTHER}) c;
  INSERT INTO attachments (id, message_id, provider_attachment_id, filename, content_type, size_bytes, content_id,
    is_inline, created_at)
  SELECT ${id(3, "(i * 16 + c) * 4 + f")}, ${id(2, "i * 16 + c")}, 'file-' || f, 'hisob ' || f || '.pdf',
    'application/pdf', 1000 + f, CASE WHEN f = 2 THEN 'rasm@x' END, f = 2, ${time("i")}
  FROM generate_series(0, ${MESSAGES - 1}, 10) i, generate_series(${COMPANY}, ${OTHER}) c, generate_series(0, 2) f;
  INSERT INTO inbox_entries (user_id, message_id, account_id, sent_at, is_read, is_starred, is_archived, read_at)
  SELECT u, m.id, m.account_id, m.sent_at, n % 3 > 0 OR u = 1, n % 11 = 0, n % 13 = 0, m.created_at
  FROM (SELECT *, row_number() OVER (PARTITION BY account_id ORDER BY sent_at) AS n FROM messages) m, generate_series(1, 3) u
  WHERE (u = 1 AND n % 20 > 0) OR (u = 2 AND n % 9 = 0) OR u = 3 AND n = 5;`;

async function runImport(more: string[] = []): Promise<{ code: number | null; output: string }> {
  const { exited } = startImport(more);
  return exited;
}

function startImport(more: string[] = []) {
  const args = [SCRIPT, "--from", source.url, "--state", state, ...more];
  const child = spawn(NODE, args, { stdio: ["ignore", "pipe", "pipe"], detached: true });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk) => (output += chunk));
  const exited = new Promise<{ code: number | null; output: string }>((resolve) =>
    child.once("exit", (code) => resolve({ code, output })),
  );
  return { child, exited, output: () => output };
}

/** Opens the file of the local database, which only one process may use at a time. */
function openD1(): DatabaseSync {
  return new DatabaseSync(databaseFile(join(state, "v3/d1"), "DB"));
}

const all = (sql: string, ...params: (string | number)[]) =>
  d1
    .prepare(sql)
    .all(...params)
    .map((row) => ({ ...row }));
const one = (sql: string, ...params: (string | number)[]) => Object.values(all(sql, ...params)[0] ?? {})[0];

beforeAll(async () => {
  applyMigrations(state);
  source = await startPglite();
  await source.run(readFileSync(join(ROOT, "bench/peers/fastapi/schema.sql"), "utf8"));
  await source.run(FILL);
});

afterAll(async () => {
  d1?.close();
  await source?.close();
  rmSync(state, { recursive: true, force: true });
});

describe("npm run import:postgres", () => {
  it("says what is missing or wrong, and ends with 1", async () => {
    for (const [args, said] of [
      [["--company", "x"], "--company must be"],
      [["--company", "99"], "no account of these companies"],
      [["--from", "postgres://postgres@127.0.0.1:1/none"], "ECONNREFUSED"],
    ] as const) {
      expect(await runImport([...args])).toMatchObject({ code: 1, output: expect.stringContaining(said) });
    }
  });

  it("goes on after it was killed in the middle, and ends with the source's rows", async () => {
    for (const seen of [/messages: [1-9]/, /messages: [34]00/]) {
      const { child, exited, output } = startImport(["--company", `${COMPANY}`]);
      while (!seen.test(output()) && child.exitCode === null) await sleep(5);
      process.kill(-child.pid!, "SIGKILL");
      expect((await exited).code).toBeNull();
    }
    expect(existsSync(join(state, `import-local-${COMPANY}.json`))).toBe(true);
    const { code, output } = await runImport(["--company", `${COMPANY}`]);
    expect([code, output]).toEqual([0, expect.stringContaining("The import is the same as the source.")]);
    expect(existsSync(join(state, `import-local-${COMPANY}.json`))).toBe(false);
    d1 = openD1();
    expect(one("SELECT count(*) FROM ems_messages")).toBe(MESSAGES);
    expect(one("SELECT count(*) FROM ems_messages WHERE company_id <> ?", COMPANY)).toBe(0);
  });

  it("keeps ids, and what the API shows of a message", () => {
    const [message] = all("SELECT * FROM ems_messages WHERE provider_message_id = 'mail-35'");
    expect(message).toMatchObject({
      id: `01900000-0000-7000-8802-${(35 * 16 + COMPANY).toString(16).padStart(12, "0")}`,
      ...{
        company_id: COMPANY,
        internet_message_id: "<35@out.example>",
        message_id_written: "<35@Out.Example>",
      },
      ...{ from_name: 'Mijoz 😀 "A"', direction: "outbound", folder: "sent", has_attachments: 0 },
      reply_to_addresses: '[{"name":"Boshqa","email":"boshqa@out.example"}]',
      ...{ cc_addresses: '[{"email":"cc@out.example"}]', bcc_addresses: null },
      ...{ delivery_state: "sent", opened_count: 2, clicked_count: 1, sent_at: 1_700_000_000 + 35 * 60 },
      ...{ body_text: null, body_html: "<p>Salom 35</p>", body_key: null },
    });
  });

  it("puts large bodies into R2, compressed, and leaves no object without a row", () => {
    const keys = all("SELECT body_key FROM ems_messages WHERE body_key IS NOT NULL");
    expect(keys).toHaveLength(MESSAGES / 6);
    const blobs = join(state, "v3/r2/xabar-attachments/blobs");
    const texts = readdirSync(blobs).map((name) =>
      JSON.parse(gunzipSync(readFileSync(join(blobs, name))).toString()),
    );
    // Those of pages that were killed halfway are due to be deleted.
    const due = all("SELECT key FROM ems_garbage");
    expect(texts.length).toBeLessThanOrEqual(keys.length + due.length);
    expect(new Set(texts.map(({ body_html }) => body_html)).size).toBe(MESSAGES / 6);
    const [{ key } = { key: "" }] = all(
      "SELECT body_key AS key FROM ems_messages WHERE provider_message_id = 'mail-6'",
    );
    expect(due).not.toContainEqual({ key });
  });

  it("lets triggers count: accounts, threads, folders and users", () => {
    const [account] = all("SELECT * FROM ems_accounts");
    const counted = { message_count: MESSAGES, thread_count: MESSAGES / 4, hidden_message_count: 0 };
    const named = { email_address: "Team-7@demo.example", display_name: "Jamoa", provider: "GoDaddy" };
    expect(account).toMatchObject({ ...named, grant_provider: "imap" });
    expect(all("SELECT * FROM companies")).toEqual([{ id: COMPANY, name: "Choyxona" }]);
    expect(account).toMatchObject({ ...counted, status: "active", grant_id: `grant-${COMPANY}` });
    const [thread] = all("SELECT * FROM ems_threads WHERE provider_thread_id = 'thread-3'");
    expect(thread).toMatchObject({ message_count: 4, do_not_delete: 1, version: 6, subject: "Buyurtma 3" });
    const times = { first_message_at: 1_700_000_000 + 720, last_message_at: 1_700_000_000 + 900 };
    expect(thread).toMatchObject(times);
    const folders = all("SELECT folder, message_count FROM ems_folder_counters ORDER BY folder");
    expect(folders).toEqual([
      { folder: "inbox", message_count: (MESSAGES * 3) / 4 },
      { folder: "sent", message_count: MESSAGES / 4 },
    ]);
  });

  it("makes rows of what a user touched, and for who touched most, of the rest", () => {
    const touched = all(
      "SELECT user_id, count(*) AS n, sum(is_read) AS read FROM ems_inbox_entries WHERE state > 0 GROUP BY user_id",
    );
    expect(touched).toMatchObject([
      { user_id: 1, n: MESSAGES - MESSAGES / 20, read: MESSAGES - MESSAGES / 20 },
      { user_id: 2 },
      { user_id: 3, n: 1 },
    ]);
    expect(all("SELECT user_id, newest_at, oldest_at FROM ems_inbox_stretches")).toEqual([
      { user_id: 1, newest_at: 1_700_000_000 + (MESSAGES - 1) * 60, oldest_at: 1_700_000_000 },
    ]);
    expect(one("SELECT count(*) FROM ems_inbox_entries WHERE user_id = 1")).toBe(MESSAGES);
  });

  it("lets sweeps go on before the newest message", () => {
    const swept_until = 1_700_000_000 + (MESSAGES - 1) * 60 - 86_400;
    expect(all("SELECT state, swept_until FROM ems_syncs")).toEqual([{ state: "done", swept_until }]);
  });

  it("run again it changes nothing, adds what is new, and another company", async () => {
    const before = all("SELECT * FROM ems_messages ORDER BY id");
    d1.close();
    await source.run(`INSERT INTO inbox_entries (user_id, message_id, account_id, sent_at, is_starred)
      SELECT 9, id, account_id, sent_at, true FROM messages WHERE provider_message_id = 'mail-1'`);
    expect(await runImport()).toMatchObject({ code: 0 });
    d1 = openD1();
    expect(all("SELECT * FROM ems_messages WHERE company_id = ? ORDER BY id", COMPANY)).toEqual(before);
    expect(one("SELECT count(*) FROM ems_messages WHERE company_id = ?", OTHER)).toBe(MESSAGES);
    expect(one("SELECT count(*) FROM ems_inbox_entries WHERE user_id = 9 AND is_starred = 1")).toBe(2);
  });

  it("ends with 3 and names each difference", async () => {
    d1.exec("UPDATE ems_messages SET subject = 'Changed' WHERE provider_message_id = 'mail-5'");
    d1.exec("DELETE FROM ems_attachments WHERE filename = 'hisob 1.pdf' AND company_id = 7");
    d1.exec("UPDATE ems_inbox_counters SET states = json_set(states, '$.inbox1', 1) WHERE user_id = 1");
    d1.exec("UPDATE ems_accounts SET message_count = message_count + 1 WHERE company_id = 7");
    d1.close();
    // Deleted attachments come back; what is there is not overwritten.
    // One company has fewer messages than are compared.
    const { code, output } = await runImport(["--company", `${COMPANY}`]);
    d1 = openD1();
    expect(code).toBe(3);
    expect(output).toMatch(/message \S+: subject is "Buyurtma 1" in the source, "Changed" here/);
    expect(output).toMatch(/user 1 in account \S+: \{"read":570,.*\} in the source/);
    expect(output).toMatch(/account \S+: its counter says 601, and it has 600 messages/);
    expect(one("SELECT count(*) FROM ems_attachments WHERE company_id = 7")).toBe((MESSAGES / 10) * 3);
  });
});
