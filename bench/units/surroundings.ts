import type { NylasSim } from "../../dev/nylas/sim.ts";
import { type FilledMailbox, filledId } from "../support/fill.ts";
import type { RunningWorker } from "../support/worker.ts";

/** Messages per logged notification and event, and per draft and sent message. */
const MAILS_PER_DELIVERY = 10;
const MAILS_PER_DRAFT = 100;
/** Minimum of each, so that the smallest mailbox has a second page. */
const AT_LEAST = 100;

/** Adds the mailbox to the stand-in, and includes it in sweeps. @returns the id of the grant */
export async function connectProvider(
  { db }: RunningWorker,
  sim: NylasSim,
  { email, accountId }: FilledMailbox,
): Promise<string> {
  const grant = sim.addGrant({ email, provider: "google" });
  await db.batch([
    db.prepare("UPDATE ems_accounts SET grant_id = ? WHERE id = ?").bind(grant.id, accountId),
    db
      .prepare(
        `INSERT INTO ems_syncs (account_id, run, state, moved_at, swept_until)
         VALUES (?, 'fill', 'done', unixepoch(), unixepoch() - 120)`,
      )
      .bind(accountId),
  ]);
  return grant.id;
}

/** Adds notifications, events, outbox entries, drafts and colleagues of the last days. No body is left to be moved to R2. */
export async function fillLedgers({ db }: RunningWorker, mailbox: FilledMailbox): Promise<void> {
  const { company, accountId, messages } = mailbox;
  const deliveries = Math.max(AT_LEAST, messages / MAILS_PER_DELIVERY);
  const drafts = Math.max(AT_LEAST, messages / MAILS_PER_DRAFT);
  const message = `'${filledId("message", company).slice(0, 24)}' || printf('%012x', i)`;
  const id = "printf('01a00000-0000-7000-8800-%012x', i)";
  // One per second, until an hour ago.
  const at = (count: number) => `unixepoch() - 3600 - ${count} + i`;
  const owner = `${company}, '${accountId}'`;
  const statements = [
    `${numbers(deliveries)} INSERT INTO ems_deliveries
       (id, type, grant_id, account_id, received_at, occurred_at, state, finished_at, key, change)
     SELECT 'notification-' || i, 'message.created', '${mailbox.grantId}', '${accountId}', ${at(deliveries)},
       ${at(deliveries)}, 'applied', ${at(deliveries)}, '', 'message/' || i FROM n`,
    `${numbers(deliveries)} INSERT INTO ems_events (company_id, type, message_id, cause, created_at)
     SELECT ${company}, 'message.created', ${message}, 'fill/' || i, ${at(deliveries)} FROM n`,
    `${numbers(drafts)} INSERT INTO ems_outbox
       (id, company_id, account_id, user_id, state, provider_key, mail_digest, subject, to_addresses, send_at,
        attempts, created_at, updated_at)
     SELECT ${id}, ${owner}, 3, 'sent', ${id}, hex(zeroblob(32)), 'About order ' || i,
       '[{"name":"A Customer","email":"customer@out.example"}]', ${at(drafts)}, 1, ${at(drafts)}, ${at(drafts)} FROM n`,
    `${numbers(drafts)} INSERT INTO ems_drafts
       (id, company_id, account_id, created_by, updated_by, content, created_at, updated_at)
     SELECT ${id}, ${owner}, 3, 3, '{"to":[],"cc":[],"bcc":[],"subject":"About order","body_html":"<p>Dear customer,</p>","body_text":null,"attachment_ids":[]}',
       ${at(drafts)}, ${at(drafts)} FROM n`,
  ];
  statements.push(
    `${numbers(drafts)} INSERT INTO ems_users (company_id, user_id, name, seen_at)
     SELECT ${company}, 1000 + i, 'Colleague ' || i, ${at(drafts)} FROM n`,
  );
  // All mails are of one sender. These are of others, whose addresses come before it.
  statements.push(
    `UPDATE ems_messages SET from_address = 'c' || substr(id, -4) || '@out.example'
     WHERE id BETWEEN '${filledId("message", company, 500)}' AND '${filledId("message", company, 699)}'`,
  );
  statements.push("INSERT INTO ems_inline_bodies (id, checked_until) VALUES (1, '~')");
  for (const statement of statements) await db.prepare(statement).run();
}

const numbers = (count: number): string =>
  `WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < ${count - 1})`;

/** Moves all messages of a company into its first thread. */
export async function joinThreads({ db }: RunningWorker, company: number): Promise<void> {
  await db
    .prepare("UPDATE ems_messages SET thread_id = ? WHERE account_id = ?")
    .bind(filledId("thread", company), filledId("account", company))
    .run();
}

/** The tables of a filled mailbox. Tables with counters come first, since triggers of the others update them. */
const TABLES = ["ems_accounts", "ems_threads", "ems_messages", "ems_attachments"];
/** Columns that differ in each copy. */
const NAMES = ["id", "account_id", "thread_id", "message_id", "email_address", "grant_id"];
/** Columns that triggers maintain. */
const COUNTERS = ["message_count", "thread_count"];

/** Copies per statement. Local D1 aborts long statements. */
const COPIES = 10;

/** Copies a filled mailbox to other companies, which is faster than filling each. */
export async function copyMailbox(
  { db }: RunningWorker,
  { company }: FilledMailbox,
  first: number,
  last: number,
): Promise<void> {
  const inId = `'-${company.toString(16).padStart(4, "0")}-', printf('-%04x-', i)`;
  const copied = (column: string): string => {
    if (column === "company_id") return "i";
    if (COUNTERS.includes(column)) return "0";
    if (!NAMES.includes(column)) return column;
    return `replace(replace(replace(${column}, ${inId}), 'filled-${company}@', 'filled-' || i || '@'), 'of-${company}', 'of-' || i)`;
  };
  for (const table of TABLES) {
    const { results } = await db.prepare(`PRAGMA table_info(${table})`).all<{ name: string }>();
    const columns = results.map(({ name }: { name: string }) => name);
    for (let from = first; from <= last; from += COPIES) {
      await db
        .prepare(
          `WITH RECURSIVE n(i) AS (SELECT ${from} UNION ALL SELECT i + 1 FROM n WHERE i < ${Math.min(from + COPIES - 1, last)})
           INSERT INTO ${table} (${columns}) SELECT ${columns.map(copied)} FROM ${table}, n WHERE company_id = ?`,
        )
        .bind(company)
        .run();
    }
  }
}
