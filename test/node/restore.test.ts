import { spawn } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { DatabaseSync } from "node:sqlite";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createOperator, type Operator } from "./support/operator.ts";

// The command against a stand-in of Cloudflare's API. What the marks do is tested in test/ems/restore.test.ts.

const ROOT = join(import.meta.dirname, "../..");
const NODE = join(ROOT, "node_modules/.bin/node");
const MIGRATIONS = join(ROOT, "migrations/ems");

let operator: Operator;
let database: string;

async function call<Result>(method: string, path: string, body?: object): Promise<Result> {
  const { cloudflare } = operator;
  const response = await fetch(`${cloudflare.apiUrl}/accounts/${cloudflare.account.id}${path}`, {
    method,
    headers: { authorization: `Bearer ${cloudflare.account.token}`, "content-type": "application/json" },
    ...(body ? { body: JSON.stringify(body) } : {}),
  });
  return ((await response.json()) as { result: Result }).result;
}

const inDatabase = <Result>(work: (sqlite: DatabaseSync) => Result): Promise<Result> =>
  operator.cloudflare.runtime.withDatabase(database, work);

const rowsOf = (sql: string) =>
  inDatabase((sqlite) =>
    sqlite
      .prepare(sql)
      .all()
      .map((row) => ({ ...row })),
  );

const bookmark = async () =>
  (await call<{ bookmark: string }>("GET", `/d1/database/${database}/time_travel/bookmark`)).bookmark;

async function runRestore(...args: string[]): Promise<{ code: number | null; output: string }> {
  const child = spawn(NODE, [join(ROOT, "ops/restore.ts"), ...args], {
    env: { ...operator.env, CLOUDFLARE_ACCOUNT_ID: operator.cloudflare.account.id },
  });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk) => (output += chunk));
  const code = await new Promise<number | null>((resolve) => child.once("exit", resolve));
  return { code, output };
}

const OUTBOX = `INSERT INTO ems_outbox (id, company_id, account_id, user_id, state, provider_key, mail_digest, subject,
  to_addresses, send_at, due_at, created_at, updated_at) VALUES`;
const entry = (id: string, state: string, due: string) =>
  `('${id}', 1, 'a', 1, '${state}', '${id}', '', '', '[]', unixepoch() + ${due}, unixepoch() + ${due}, unixepoch() - 900, unixepoch() - 900)`;

beforeAll(async () => {
  operator = await createOperator();
  database = (await call<{ uuid: string }>("POST", "/d1/database", { name: "xabar" })).uuid;
  for (const queue_name of ["xabar-jobs", "xabar-webhooks"]) await call("POST", "/queues", { queue_name });
  const files = readdirSync(MIGRATIONS).filter((name) => name.endsWith(".sql"));
  await inDatabase((sqlite) => {
    for (const file of files.toSorted()) sqlite.exec(readFileSync(join(MIGRATIONS, file), "utf8"));
    sqlite.exec(
      "INSERT INTO ems_events (id, company_id, type, created_at) VALUES (100, 1, 'account.updated', 0)",
    );
    sqlite.exec(`${OUTBOX} ${entry("due", "queued", "-60")}, ${entry("later", "queued", "86400")}`);
  });
});
afterAll(() => operator?.close());

describe("npm run restore", () => {
  it.each([
    [[], "Give either --to with a time, or --bookmark"],
    [["--to", "yesterday"], "--to must be a time"],
    [["--to", "2001-01-01T00:00:00Z", "--yes"], "There is no state of that time"],
  ])("%j is refused, and sending works afterwards", async (args, said) => {
    const { code, output } = await runRestore(...args);
    expect([code, output]).toEqual([1, expect.stringContaining(said)]);
    expect(await rowsOf("SELECT name FROM sqlite_master WHERE name LIKE 'ems_restoring%'")).toEqual([]);
    const paused = [...operator.cloudflare.account.queues.values()].map(
      ({ settings }) => settings?.delivery_paused,
    );
    expect(paused).not.toContain(true);
  });

  it("without --yes it changes nothing", async () => {
    const before = operator.cloudflare.seen.length;
    const { code, output } = await runRestore("--to", new Date().toISOString());
    expect([code, output]).toEqual([0, expect.stringContaining("Add --yes")]);
    expect(operator.cloudflare.seen.length).toBe(before);
  });

  it("sets the database back, marks it, and can be undone", async () => {
    await bookmark();
    const to = new Date().toISOString();
    await sleep(1100);
    await inDatabase((sqlite) => {
      sqlite.exec("UPDATE ems_outbox SET state = 'sent', due_at = NULL");
      sqlite.exec("INSERT INTO ems_events (company_id, type, created_at) VALUES (1, 'thread.created', 0)");
    });
    const start = operator.cloudflare.seen.length;
    const { code, output } = await runRestore("--to", to, "--yes");
    expect([code, output]).toEqual([0, expect.stringContaining("resumed the queues")]);

    const changes = operator.cloudflare.seen
      .slice(start)
      .flatMap(({ kind, isWriting }) => (isWriting ? kind : []));
    const restored = changes.findIndex((kind) => kind.includes("time_travel/restore"));
    const pauses = changes.flatMap((kind, at) => (kind.startsWith("PATCH") ? at : []));
    expect(pauses.map((at) => at < restored)).toEqual([true, true, false, false]);
    expect(await rowsOf("SELECT id, state, provider_key FROM ems_outbox ORDER BY id")).toEqual([
      { id: "due", state: "unknown", provider_key: "" },
      { id: "later", state: "queued", provider_key: "later" },
    ]);
    const events = await rowsOf("SELECT company_id, type FROM ems_events ORDER BY id");
    expect(events).toEqual([
      { company_id: 1, type: "account.updated" },
      { company_id: null, type: "restored" },
    ]);
    expect(await rowsOf("SELECT name FROM sqlite_master WHERE name LIKE 'ems_restoring%'")).toEqual([]);
    expect(output).toContain("1 mails are looked for");
    expect(output).toMatch(/UTC {2}company 1 {2}later/);

    const undo = /--bookmark (\S+) --yes/.exec(output)?.[1] ?? "";
    const undone = await runRestore("--bookmark", undo, "--yes");
    expect([undone.code, undone.output]).toEqual([0, expect.any(String)]);
    expect(await rowsOf("SELECT DISTINCT state FROM ems_outbox")).toEqual([{ state: "sent" }]);
    expect(await rowsOf("SELECT type FROM ems_events ORDER BY id")).toEqual([
      { type: "account.updated" },
      { type: "thread.created" },
      { type: "restored" },
    ]);
    // The guards were in the state that was put back, and are gone.
    expect(await rowsOf("SELECT name FROM sqlite_master WHERE name LIKE 'ems_restoring%'")).toEqual([]);
  });
});
