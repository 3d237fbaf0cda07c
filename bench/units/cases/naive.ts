import { idOf } from "../stage.ts";
import type { Case } from "./case.ts";

/** A statement that the Worker avoids, on the same rows. */
const naive = (name: string, sql: string, params: unknown[]): Case => ({
  name: `naive: ${name}`,
  grows: "it reads every mail of the mailbox",
  prepare: async ({ worker }) => {
    const statement = worker.db.prepare(sql).bind(...params);
    return async () => {
      const { meta } = await statement.run();
      return { rowsRead: meta.rows_read, statements: 1, roundTrips: 1 };
    };
  },
});

const FORTY = JSON.stringify(Array.from({ length: 40 }, (_, n) => n + 1));
const READER = idOf("reader");

/** Naive statements for comparison. */
export const NAIVE: Case[] = [
  naive(
    "inbox of 40 companies in one statement",
    `SELECT m.id, m.sent_at, e.is_read FROM ems_messages m
     LEFT JOIN ems_inbox_entries e ON e.user_id = ? AND e.message_id = m.id
     WHERE m.company_id IN (SELECT value FROM json_each(?)) AND coalesce(e.is_archived, 0) = 0
     ORDER BY m.sent_at DESC, m.id DESC LIMIT 25`,
    [READER, FORTY],
  ),
  naive("the total by COUNT(*)", "SELECT count(*) FROM ems_messages WHERE company_id = ?", [1]),
  naive(
    "unread, found by having no row",
    `SELECT m.id FROM ems_messages m LEFT JOIN ems_inbox_entries e ON e.user_id = ? AND e.message_id = m.id
     WHERE m.company_id = ? AND coalesce(e.is_read, 0) = 0 ORDER BY m.sent_at DESC, m.id DESC LIMIT 25`,
    [READER, 1],
  ),
];
