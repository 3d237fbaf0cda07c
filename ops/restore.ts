import { setTimeout as sleep } from "node:timers/promises";
import { parseArgs } from "node:util";
import { wrangler } from "./deploy/wrangler.ts";
import { restoredSql } from "./restored.ts";

// npm run restore -- --to 2026-11-30T05:00:00Z [--yes]
// Sets the database back to a time of the last 30 days. Without --yes it only says so. Repeating it is harmless.
//
// npm run restore -- --bookmark 00000001-… [--yes]
// Undoes a restore, by the bookmark that it printed. docs/backup.md says what is lost.

const DATABASE = "xabar";
const QUEUES = ["xabar-jobs", "xabar-webhooks"];
/** Longer than the lease of a mail that a request is sending. */
const LONGEST_WAIT_MS = 300_000;

/** While they exist no mail can be sent, so none leaves between the restored state and its marks. */
const GUARDS = {
  ems_restoring_new: "INSERT ON ems_outbox",
  ems_restoring_due: "UPDATE OF state ON ems_outbox WHEN NEW.state = 'sending'",
};
const GUARD_SQL = Object.entries(GUARDS).map(
  ([name, event]) =>
    `CREATE TRIGGER IF NOT EXISTS ${name} BEFORE ${event} BEGIN SELECT RAISE(ABORT, 'The database is being restored'); END`,
);
const UNGUARD_SQL = Object.keys(GUARDS).map((name) => `DROP TRIGGER IF EXISTS ${name}`);

/** @throws Error with what wrangler says */
async function call(...args: string[]): Promise<string> {
  const { code, stdout, output } = await wrangler(args, process.env);
  if (code !== 0) throw new Error(`wrangler ${args.slice(0, 3).join(" ")} failed:\n${output.trim()}`);
  return stdout;
}

async function query<Row>(sql: string): Promise<Row[]> {
  const text = await call("d1", "execute", DATABASE, "--remote", "--json", "--command", sql);
  return (JSON.parse(text) as { results: Row[] }[]).at(-1)?.results ?? [];
}

const run = (statements: string[]) => query(`${statements.join(";\n")};`);

/** Waits until no request is sending a mail. */
async function waitForSends(): Promise<void> {
  const deadline = Date.now() + LONGEST_WAIT_MS;
  for (;;) {
    const [row] = await query<{ n: number }>(
      "SELECT count(*) AS n FROM ems_outbox WHERE state = 'sending' AND due_at > unixepoch()",
    );
    if (!row?.n || Date.now() > deadline) return;
    console.log(`waiting for ${row.n} mails that are being sent`);
    await sleep(5000);
  }
}

async function restore(target: string[]): Promise<void> {
  const startedAt = Math.floor(Date.now() / 1000);
  for (const queue of QUEUES) await call("queues", "pause-delivery", queue);
  console.log("paused the queues: webhooks are taken in, and wait");
  try {
    await run(GUARD_SQL);
    await waitForSends();
    const text = await call("d1", "time-travel", "restore", DATABASE, "--json", ...target);
    const { previous_bookmark } = JSON.parse(text) as { previous_bookmark: string };
    console.log(
      `restored the database; to undo this: npm run restore -- --bookmark ${previous_bookmark} --yes`,
    );
    await run(restoredSql(startedAt));
    console.log("marked it as restored: clients read their lists again, and no mail is sent twice");
  } finally {
    await run(UNGUARD_SQL);
    for (const queue of QUEUES) await call("queues", "resume-delivery", queue);
    console.log("resumed the queues");
  }
  const [held, later] = await Promise.all([
    query<{ n: number }>("SELECT count(*) AS n FROM ems_outbox WHERE provider_key = ''"),
    query<{ id: string; company_id: number; send_at: string }>(
      "SELECT id, company_id, datetime(send_at, 'unixepoch') AS send_at FROM ems_outbox WHERE state = 'queued' ORDER BY send_at",
    ),
  ]);
  console.log(`${held[0]?.n ?? 0} mails are looked for in their mailboxes, and not sent again`);
  if (later.length > 0) console.log("These are scheduled, also if someone has cancelled them since:");
  for (const { id, company_id, send_at } of later)
    console.log(`  ${send_at} UTC  company ${company_id}  ${id}`);
}

const { values } = parseArgs({
  options: {
    to: { type: "string" },
    bookmark: { type: "string" },
    yes: { type: "boolean", default: false },
  },
});

try {
  const { to, bookmark, yes } = values;
  if ((to === undefined) === (bookmark === undefined))
    throw new Error("Give either --to with a time, or --bookmark");
  if (to !== undefined && Number.isNaN(Date.parse(to)))
    throw new Error(`--to must be a time such as 2026-11-30T05:00:00Z, not "${to}"`);
  const target = bookmark ? ["--bookmark", bookmark] : ["--timestamp", new Date(to ?? "").toISOString()];
  if (yes) await restore(target);
  else
    console.log(
      `This sets the database ${DATABASE} back, to ${bookmark ?? to}. What was written since is lost but for what comes\nback from the mailboxes: see docs/backup.md. Add --yes to do it.`,
    );
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  console.error("If it had begun, run it again: repeating it is harmless.");
  process.exitCode = 1;
}
