import { env } from "cloudflare:workers";
import { grantKey } from "../../src/ems/store/claims.ts";
import { uuidv7 } from "../../src/lib/ids.ts";
import { unique } from "./client.ts";
import { dbOf } from "./db.ts";

export interface BulkAccount {
  id: string;
  company_id: number;
  email_address: string;
}

/** An account with `count` messages, a second apart and two to a thread, inserted by one SQL statement. */
export async function createBulkAccount(count: number, company_id = unique()): Promise<BulkAccount> {
  const account = { id: uuidv7(), company_id, email_address: `bulk${unique()}@demo.example` };
  const { id, email_address } = account;
  const db = dbOf(company_id);
  const numbers = "WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < ?1 - 1)";
  const uuid = (kind: string) => `printf('01a00000-0000-7000-8${kind}-%012x', ?2 * 1000000 + i)`;
  await db.batch([
    db
      .prepare(
        "INSERT INTO ems_accounts (id, company_id, email_address, provider, status, created_at) VALUES (?, ?, ?, 'gmail', 'active', 0)",
      )
      .bind(id, company_id, email_address),
    db
      .prepare(
        `${numbers} INSERT INTO ems_threads
        (id, company_id, account_id, subject, first_message_at, last_message_at, created_at)
      SELECT ${uuid("001")}, ?3, ?4, 'Subject', 1700000000, 1700000000, 0 FROM n WHERE i % 2 = 0`,
      )
      .bind(count, unique() % 1e6, company_id, id),
  ]);
  const { results } = await db
    .prepare("SELECT id FROM ems_threads WHERE account_id = ? ORDER BY id")
    .bind(id)
    .all<{ id: string }>();
  const threads = JSON.stringify(results.map((thread) => thread.id));
  await db
    .prepare(
      `${numbers}, t AS MATERIALIZED (SELECT key, value FROM json_each(?5))
    INSERT INTO ems_messages (id, company_id, account_id, thread_id, provider_message_id, from_address, to_addresses,
      subject, direction, has_attachments, sent_at, created_at, observed_at, applied_by, body_text)
    SELECT ${uuid("002")}, ?3, ?4, (SELECT value FROM t WHERE key = i / 2), 'bulk-' || i, 'c@out.example', '[]',
      'Subject', 'inbound', 0, 1700000000 + i, 0, 0, 'bulk', 'text' FROM n`,
    )
    .bind(count, unique() % 1e6, company_id, id, threads)
    .run();
  return account;
}

/** Gives an account a grant, by which notifications find it wherever its rows are. */
export async function setGrant({ id, company_id }: BulkAccount, grantId: string): Promise<void> {
  const db = dbOf(company_id);
  await db
    .prepare("UPDATE ems_accounts SET grant_id = ?, grant_provider = 'google' WHERE id = ?")
    .bind(grantId, id)
    .run();
  await env.DB.prepare("INSERT INTO ems_directory (key, company_id, claimed_at) VALUES (?, ?, unixepoch())")
    .bind(grantKey(grantId), company_id)
    .run();
}
