import { expect } from "vitest";
import { messagesByIds } from "../../src/ems/messages/query.ts";
import type { MessageResponse } from "../../src/ems/messages/responses.ts";
import type { BulkAccount } from "../support/bulk.ts";
import { userContextOf } from "../support/context.ts";
import { db } from "../support/db.ts";
import { nylas } from "./unruly-nylas.ts";

export interface Mailbox extends BulkAccount {
  grant: string;
}

interface Truth {
  id: string;
  thread_id: string;
  subject: string;
  body: string;
  date: number;
  cc?: { email: string }[];
  attachments?: { filename: string }[];
  folders: string[];
}

/** True for a Google mailbox. */
const FOLDERS: Record<string, string> = { INBOX: "inbox", TRASH: "trash", SPAM: "junk" };

interface Row {
  id: string;
  provider_message_id: string;
  thread_id: string;
  observed_at: number;
  created_events: number;
  deleted_events: number;
}

const byId = <T extends { id: string }>(list: T[]): Map<string, T> =>
  new Map(list.map((each) => [each.id, each]));

/**
 * Compares a stored mailbox with the provider's.
 * @param isHistory whether a mail was there before the mailbox was connected, so it has no event
 */
export async function expectTruth(
  box: Mailbox,
  isHistory: (subject: string) => boolean = () => false,
): Promise<void> {
  const { data } = await nylas.control<{ data: Truth[] }>("GET", `/__sim/messages/${box.grant}`);
  const { results: rows } = await db
    .prepare(
      `SELECT m.id, m.provider_message_id, m.thread_id, m.observed_at,
      (SELECT count(*) FROM ems_events e WHERE e.message_id = m.id AND e.type = 'message.created') AS created_events,
      (SELECT count(*) FROM ems_events e WHERE e.message_id = m.id AND e.type = 'message.deleted') AS deleted_events
    FROM ems_messages m WHERE m.account_id = ? AND m.provider_message_id <> 'bulk-0'`,
    )
    .bind(box.id)
    .all<Row>();
  const ids = (list: string[]) => list.toSorted();
  expect(ids(rows.map((row) => row.provider_message_id))).toEqual(ids(data.map(({ id }) => id)));

  const truths = byId(data);
  const ctx = userContextOf({ user_id: 1, companies: [box.company_id] });
  const stored = new Map<string, MessageResponse>();
  for await (const message of messagesByIds(
    ctx,
    rows.map(({ id }) => id),
  ))
    stored.set(message.id, message);
  for (const row of rows) {
    const truth = truths.get(row.provider_message_id)!;
    const message = stored.get(row.id)!;
    expect(message.subject).toBe(truth.subject);
    expect(Date.parse(message.sent_at) / 1000).toBe(truth.date);
    expect(message.body_html === truth.body, `the body of ${truth.subject}`).toBe(true);
    expect(message.folder).toBe(truth.folders.flatMap((id) => FOLDERS[id] ?? [])[0] ?? "archive");
    expect(message.cc_addresses ?? []).toEqual((truth.cc ?? []).map(({ email }) => ({ email })));
    expect(message.attachments.map(({ filename }) => filename)).toEqual(
      (truth.attachments ?? []).map(({ filename }) => filename),
    );
    const { subject, date } = truth;
    const which = JSON.stringify({ subject, date, observedAt: row.observed_at, now: Date.now() });
    expect(message.internet_message_id, which).toMatch(/^<.+>$/);
    const created = isHistory(truth.subject) ? 0 : 1;
    expect({ created: row.created_events, deleted: row.deleted_events }).toEqual({ created, deleted: 0 });
  }
  // A provider's thread is never split.
  for (const group of Map.groupBy(rows, (row) => truths.get(row.provider_message_id)!.thread_id).values()) {
    expect(new Set(group.map(({ thread_id }) => thread_id)).size).toBe(1);
  }
  await expectCounters(box);
}

async function expectCounters(box: Mailbox): Promise<void> {
  const counted = await db
    .prepare(
      `SELECT a.message_count + a.hidden_message_count AS message_count,
      a.thread_count + a.hidden_thread_count AS thread_count, a.hidden_message_count,
      (SELECT count(*) FROM ems_messages WHERE account_id = a.id) AS messages,
      (SELECT count(*) FROM ems_messages WHERE account_id = a.id AND hidden = 1) AS hidden,
      (SELECT count(*) FROM ems_threads WHERE account_id = a.id) AS threads
    FROM ems_accounts a WHERE a.id = ?`,
    )
    .bind(box.id)
    .first<Record<string, number>>();
  expect(counted).toMatchObject({ message_count: counted?.messages, thread_count: counted?.threads });
  expect(counted?.hidden_message_count).toBe(counted?.hidden);
  const { results: wrong } = await db
    .prepare(
      `SELECT t.id FROM ems_threads t WHERE t.account_id = ? AND (t.message_count, t.hidden_count, t.last_message_at) <>
      (SELECT count(*) FILTER (WHERE hidden = 0), count(*) FILTER (WHERE hidden = 1),
        coalesce(max(sent_at) FILTER (WHERE hidden = 0), max(sent_at)) FROM ems_messages WHERE thread_id = t.id)`,
    )
    .bind(box.id)
    .all();
  expect(wrong).toEqual([]);
}
