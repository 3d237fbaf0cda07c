import { setTimeout as sleep } from "node:timers/promises";
import { parseArgs } from "node:util";
import { type Cloudflare, signIn } from "./cloudflare.ts";
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

/** Waits until no request is sending a mail. */
async function waitForSends(query: Query): Promise<void> {
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

type Query = <Row>(sql: string) => Promise<Row[]>;

/** The bookmark of a time. @throws Error if it is not of the last 30 days */
const bookmarkAt = async (cloudflare: Cloudflare, database: string, to: string): Promise<string> => {
  const time = new URLSearchParams({ timestamp: new Date(to).toISOString() });
  const path = `${database}/time_travel/bookmark?${time}`;
  return (await cloudflare.call<{ bookmark: string }>("GET", path)).bookmark;
};

async function restore(target: { to?: string | undefined; bookmark?: string | undefined }): Promise<void> {
  // Loaded now, since wrangler takes seconds.
  const { readWorker } = await import("./deploy/worker.ts");
  const cloudflare = await signIn(process.env, readWorker().account, "npm run restore");
  const startedAt = Math.floor(Date.now() / 1000);
  const queues = (await cloudflare.list<{ queue_id: string; queue_name: string }>("/queues")).filter(
    ({ queue_name }) => QUEUES.includes(queue_name),
  );
  const { uuid } = await cloudflare.call<{ uuid: string }>("GET", `/d1/database/${DATABASE}`);
  const database = `/d1/database/${uuid}`;
  const query: Query = async <Row>(sql: string) => {
    const results = await cloudflare.call<{ results: Row[] }[]>("POST", `${database}/query`, { sql });
    return results.at(-1)?.results ?? [];
  };
  const run = (statements: string[]) => query(`${statements.join(";\n")};`);
  const pause = async (delivery_paused: boolean) => {
    for (const { queue_id, queue_name } of queues)
      await cloudflare.call("PATCH", `/queues/${queue_id}`, { queue_name, settings: { delivery_paused } });
  };
  const bookmark = target.bookmark ?? (await bookmarkAt(cloudflare, database, target.to ?? ""));

  await pause(true);
  console.log("paused the queues: webhooks are taken in, and wait");
  try {
    await run(GUARD_SQL);
    await waitForSends(query);
    const { previous_bookmark } = await cloudflare.call<{ previous_bookmark: string }>(
      "POST",
      `${database}/time_travel/restore?${new URLSearchParams({ bookmark })}`,
    );
    console.log(
      `restored the database; to undo this: npm run restore -- --bookmark ${previous_bookmark} --yes`,
    );
    await run(restoredSql(startedAt));
    console.log("marked it as restored: clients read their lists again, and no mail is sent twice");
  } finally {
    await run(UNGUARD_SQL);
    await pause(false);
    console.log("resumed the queues");
  }
  const [held] = await query<{ n: number }>("SELECT count(*) AS n FROM ems_outbox WHERE provider_key = ''");
  const later = await query<{ id: string; company_id: number; send_at: string }>(
    "SELECT id, company_id, datetime(send_at, 'unixepoch') AS send_at FROM ems_outbox WHERE state = 'queued' ORDER BY send_at",
  );
  console.log(`${held?.n ?? 0} mails are looked for in their mailboxes, and not sent again`);
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
  if (yes) await restore({ to, bookmark });
  else
    console.log(
      `This sets the database ${DATABASE} back, to ${bookmark ?? to}. What was written since is lost but for what comes\nback from the mailboxes: see docs/backup.md. Add --yes to do it.`,
    );
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  console.error("If it had begun, run it again: repeating it is harmless.");
  process.exitCode = 1;
}
