import { env } from "cloudflare:workers";
import { expect } from "vitest";
import { createContext } from "../../src/ems/context.ts";
import type { Conversation } from "../../src/ems/conversations/responses.ts";
import { applyMessage } from "../../src/ems/ingest/apply.ts";
import { type BulkAccount, createBulkAccount } from "./bulk.ts";
import { type Client, unique } from "./client.ts";
import { dbOf } from "./db.ts";

const ctx = createContext(env, { waitUntil: () => {} });

/** A mail as it is received. */
export interface Mail {
  thread: string;
  date: number;
  from?: string;
  name?: string | null;
  folder?: "INBOX" | "SENT" | "SPAM" | "TRASH";
  hasFile?: boolean;
}

/** An account without mail. */
export async function createEmptyAccount(): Promise<BulkAccount> {
  const empty = await createBulkAccount(0);
  const db = dbOf(empty.company_id);
  const tables = ["ems_messages", "ems_threads"];
  await db.batch(
    tables.map((table) => db.prepare(`DELETE FROM ${table} WHERE account_id = ?`).bind(empty.id)),
  );
  return empty;
}

/** Receives a mail. @returns its id */
export async function receive(account: BulkAccount, mail: Mail): Promise<string> {
  const { thread, date, from = "ann@out.example", name = "Ann", folder = "INBOX", hasFile } = mail;
  const id = `m${unique()}`;
  const file = { id: "f", filename: "a.txt", content_type: "text/plain", size_bytes: 5 };
  const message = {
    ...{ id, thread_id: thread, date, subject: thread, snippet: `At ${date}`, folders: [folder] },
    from: { email: from, name },
    to: [{ email: account.email_address, name: "Box" }],
    attachments: hasFile ? [{ ...file, content_id: null }] : [],
  };
  const applied = await applyMessage(ctx, account, { message, observedAt: 1, cause: id });
  return `${applied.id}`;
}

/** The conversations of a page. */
export const readConversations = async (client: Client, query = ""): Promise<Conversation[]> => {
  const { status, body } = await client.call("GET", `/conversations?${query}`);
  expect(status, JSON.stringify(body)).toBe(200);
  return body.items;
};

/** Copies a message into its thread, each copy a second newer. */
export async function repeat({ company_id }: BulkAccount, id: string, copies: number): Promise<void> {
  await dbOf(company_id)
    .prepare(
      `WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?2)
       INSERT INTO ems_messages (id, company_id, account_id, thread_id, provider_message_id, from_address, to_addresses,
         subject, direction, has_attachments, sent_at, created_at, observed_at, applied_by)
       SELECT substr(id, 1, 24) || printf('%012x', i), company_id, account_id, thread_id, id || i, from_address, to_addresses, subject,
         direction, 0, sent_at + i, 0, 0, 'copy' FROM ems_messages, n WHERE id = ?1`,
    )
    .bind(id, copies)
    .run();
}
