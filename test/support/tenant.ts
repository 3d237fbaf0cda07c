import { expect } from "vitest";
import type { AccountResponse } from "../../src/ems/accounts/responses.ts";
import type { InboxItemResponse } from "../../src/ems/items/responses.ts";
import type { MessageResponse } from "../../src/ems/messages/responses.ts";
import { type Client, connectMailbox, createClient, unique } from "./client.ts";
import { db } from "./db.ts";
import { eventually, receiveMail, storedMail } from "./nylas.ts";

/** A company with a mailbox that has one mail with a file. */
export interface Tenant {
  client: Client;
  company: number;
  account: AccountResponse & { grant_id: string };
  message: MessageResponse;
  item: InboxItemResponse;
  attachment: string;
}

export async function createTenant(): Promise<Tenant> {
  const client = await createClient();
  const account = await connectMailbox(client);
  await receiveMail({
    from: { email: "customer@out.example" },
    to: [{ email: account.email_address }],
    subject: `Confidential ${unique()}`,
    html: "<p>For your eyes only</p>",
    attachments: [{ filename: "plan.txt", contentType: "text/plain", content: btoa("the plan") }],
  });
  const item = await eventually(async () => {
    const { body } = await client.call("GET", "/inbox");
    expect(body.items).toHaveLength(1);
    return body.items[0] as InboxItemResponse;
  });
  const { body: message } = await client.call<MessageResponse>("GET", `/messages/${item.message.id}`);
  expect(message.attachments).toHaveLength(1);
  const attachment = message.attachments[0]!.id;
  // Downloaded now, so that no job changes its row later.
  await client.call("GET", `/attachments/${attachment}/download`);
  return { client, company: account.company_id, account, message, item, attachment };
}

/** Ids by the names of path parameters. */
export const idsOf = ({ account, message, item, attachment, company }: Tenant) => ({
  account_id: account.id,
  message_id: message.id,
  thread_id: message.thread_id,
  inbox_id: item.id,
  attachment_id: attachment,
  company_id: String(company),
});

/** A company's whole state: its user's view, every row with its id, and its mailbox. */
export async function stateOf({ client, company, account, message }: Tenant): Promise<unknown> {
  const paths = [
    ...["/accounts", "/companies", "/inbox", "/inbox/unread-counts", "/messages", "/threads"],
    ...[`/threads/${message.thread_id}`, `/attachments/message/${message.id}`],
  ];
  const answers = await Promise.all(paths.map(async (path) => (await client.call("GET", path)).body));
  const { results: tables } = await db
    .prepare("SELECT name FROM sqlite_master WHERE type = 'table' AND sql LIKE '%`company_id`%'")
    .all<{ name: string }>();
  expect(tables.map(({ name }) => name)).toContain("ems_messages");
  const rows = await db.batch(
    tables.map(({ name }) => db.prepare(`SELECT * FROM ${name} WHERE company_id = ?`).bind(company)),
  );
  const named = await db.prepare("SELECT * FROM companies WHERE id = ?").bind(company).all();
  return {
    answers,
    rows: [...rows, named].map(({ results }) => results),
    mailbox: await storedMail(account.grant_id),
  };
}

/** An id that does not exist. */
export const absent = () => crypto.randomUUID();

/** A send request from an account. */
export const mail = (accountId: string, more = {}) => ({
  email_account_id: accountId,
  to: [{ email: "thief@out.example" }],
  subject: "Taken",
  body_html: "<p>Taken</p>",
  ...more,
});
