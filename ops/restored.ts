/**
 * The statements that mark a database, or a company's object, as restored. Run them in one transaction, right after the
 * restore. Repeating them is harmless.
 *
 * - Ids of the event log go on above all that were ever given out, at 2,048 for each millisecond since 1970. An earlier
 *   restore may have been undone, so the highest id that is left does not tell. A client with a position before the event
 *   `restored` gets a `resync`, and open streams end when they reach it.
 * - Mails that may have been sent after the restored time lose their key at the provider: they are looked for in the
 *   mailbox, and never sent again. They are those on their way, and those that were due.
 * @param to the time that was restored, in seconds since the epoch; newer mails are left as they are
 */
export const restoredSql = (to: number): string[] => [
  `INSERT INTO ems_events (id, type, created_at)
   SELECT max(coalesce(max(id), 0) + 1, CAST(unixepoch('subsec') * 1000 AS INTEGER) * 2048), 'restored', unixepoch()
   FROM ems_events`,
  `UPDATE ems_outbox SET state = 'unknown', provider_key = '', tried_at = coalesce(tried_at, send_at),
     due_at = unixepoch(), updated_at = unixepoch(), detail = 'The database was restored: looking for the mail'
   WHERE due_at IS NOT NULL AND created_at <= ${Math.floor(to)}
     AND (state IN ('sending', 'unknown') OR state = 'queued' AND send_at <= unixepoch())`,
];
