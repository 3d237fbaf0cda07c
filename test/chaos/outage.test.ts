import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from "vitest";
import { createContext, ofCompany } from "../../src/ems/context.ts";
import { startBackfill } from "../../src/ems/intake/backfill.ts";
import { createBulkAccount, setGrant } from "../support/bulk.ts";
import { unique } from "../support/client.ts";
import { db } from "../support/db.ts";
import { cron } from "../support/lifetime.ts";
import { silenceLog } from "../support/log-check.ts";
import { calm, faultyEnv, type Queued, type Strike } from "./faults.ts";
import { expectTruth, type Mailbox } from "./model.ts";
import { consume, execution, workDue } from "./queue.ts";
import { deliver, nylas } from "./unruly-nylas.ts";

const MINUTE = 60_000;
const STEP = 10;
const SIX_HOURS = 36;
/** Then three hours, mostly for the audits of the four pages. */
const RECOVERY = 18;
const HISTORY = 120;

const realNow = Date.now.bind(Date);
let ahead = 0;

beforeAll(() => {
  vi.useFakeTimers({ toFake: ["Date"] });
  silenceLog();
});
afterAll(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

/** Advances to cron's next run. */
async function pass(): Promise<void> {
  await nylas.control("POST", "/__sim/advance", { seconds: STEP * 60 });
  ahead += STEP * MINUTE;
  vi.setSystemTime(realNow() + ahead);
}

/** So that cron no longer asks for the mailboxes of the test before. */
afterEach(async () => {
  await db.prepare("UPDATE ems_accounts SET grant_id = NULL, status = 'disconnected'").run();
});

async function connect(): Promise<Mailbox> {
  const account = await createBulkAccount(1);
  const { email_address: email } = account;
  const { id: grant } = await nylas.control<{ id: string }>("POST", "/__sim/grants", { email });
  await setGrant(account, grant);
  await db.prepare("UPDATE ems_accounts SET status = 'syncing' WHERE id = ?").bind(account.id).run();
  return { ...account, grant };
}

const receive = ({ email_address: email }: Mailbox, minutesAgo: number, more: object = {}) =>
  nylas.control("POST", "/__sim/inbound", {
    ...{
      from: { email: "c@out.example" },
      to: [{ email }],
      subject: `Mail ${unique()}`,
      html: "<p>Hello</p>",
    },
    ...{ date: Date.now() - minutesAgo * MINUTE, messageId: `<${unique()}@out.example>` },
    ...more,
  });

const jobsOf = (queue: Queued[], type: string) =>
  queue.filter(({ body }) => (body as { type?: string }).type === type).length;

const DOWN: { what: string; strike: Strike }[] = [
  { what: "the provider", strike: calm },
  { what: "D1", strike: (call) => (call.startsWith("D1") ? "before" : null) },
  { what: "R2", strike: (call) => (call.startsWith("R2") ? "before" : null) },
];

describe.each(DOWN)("six hours without $what", ({ what, strike }) => {
  it("end with every mail stored, no manual action and no backlog", async () => {
    vi.setSystemTime(realNow() + ahead);
    const queue: Queued[] = [];
    const whole = faultyEnv(calm, queue, nylas.vars);
    const broken = faultyEnv(strike, queue, nylas.vars);
    const [old, fresh] = [await connect(), await connect()];
    const begin = (box: Mailbox) =>
      startBackfill(ofCompany(createContext(whole, execution), box.company_id), box);
    await begin(old);
    await workDue(queue, whole);
    for (let n = 0; n < HISTORY; n++)
      await receive(fresh, 100_000 + n, { subject: `Old ${n}`, silent: true });
    await begin(fresh);
    await consume(queue.splice(0, 1), whole, queue); // the first of three pages

    if (what === "the provider")
      await nylas.control("POST", "/__sim/chaos", { api: { "/grants/": { "500": 1 } } });
    let most = 0;
    for (let n = 0; n < SIX_HOURS; n++) {
      await receive(old, 1);
      await receive(fresh, 1, n % 12 ? {} : { html: `<p>${"x".repeat(300_000)}</p>` });
      await deliver(broken);
      await cron(broken);
      await workDue(queue, broken);
      most = Math.max(most, jobsOf(queue, "sweep"), jobsOf(queue, "backfill"));
      await pass();
    }
    expect(most).toBeLessThanOrEqual(4);

    await nylas.control("DELETE", "/__sim/chaos");
    for (let n = 0; n < RECOVERY; n++) {
      await deliver(whole);
      await cron(whole);
      await workDue(queue, whole);
      await pass();
    }
    for (const box of [old, fresh]) await expectTruth(box, (subject) => subject.startsWith("Old"));
    const { results } = await db
      .prepare(
        "SELECT a.status, s.state FROM ems_accounts a JOIN ems_syncs s ON s.account_id = a.id WHERE a.id IN (?, ?)",
      )
      .bind(old.id, fresh.id)
      .all();
    expect(results).toEqual(Array(2).fill({ status: "active", state: "done" }));
    const left = await db
      .prepare(
        "SELECT count(*) AS n FROM ems_deliveries WHERE account_id IN (?, ?) AND state IN ('parked', 'received')",
      )
      .bind(old.id, fresh.id)
      .first<number>("n");
    expect({ left, queue }).toEqual({ left: 0, queue: [] });
  });
});
