import { type SQL, sql } from "drizzle-orm";

// A thread is what is connected: messages with one thread id of the provider, and messages of which one refers to
// the other by Message-ID, whichever came first. Never by subject. All of it is decided by the statements of the
// batch that stores the message, so that two deliveries at the same time cannot miss each other.

/** What a message says of its place among others. */
export interface Place {
  accountId: string;
  providerThreadId: string | null;
  internetMessageId: string | null;
  /** The Message-IDs that it answers; undefined when the provider has not told its headers. */
  references: string[] | undefined;
}

/** More than these are not looked at: the first is the thread's root, the last are the nearest. */
const MAX_REFERENCES = 20;

const nearest = (references: string[] = []): string =>
  JSON.stringify(
    references.length > MAX_REFERENCES
      ? [references[0], ...references.slice(1 - MAX_REFERENCES)]
      : references,
  );

const byProvider = ({ accountId, providerThreadId }: Place): SQL => sql`
  SELECT thread_id FROM ems_messages WHERE account_id = ${accountId} AND provider_thread_id = ${providerThreadId}`;

/** Threads of the messages that it answers, and of those that answer it. */
const byReferences = ({ accountId, internetMessageId, references }: Place): SQL => sql`
  SELECT m.thread_id FROM json_each(${nearest(references)}) j CROSS JOIN ems_messages m
    ON m.account_id = ${accountId} AND m.internet_message_id = j.value
  UNION ALL
  SELECT m.thread_id FROM ems_pending_references p JOIN ems_messages m ON m.id = p.message_id
  WHERE p.account_id = ${accountId} AND p.internet_message_id = ${internetMessageId}`;

/**
 * The thread that a new message belongs to, and by which rule, as SQL expressions.
 * @param reply the thread that one of our users has answered in; it overrules the rest
 * @param fresh the id of the thread to begin when there is none
 */
export function findThread(place: Place, reply: string | null, fresh: string): { threadId: SQL; rule: SQL } {
  return {
    threadId: sql`coalesce(${reply}, (${byProvider(place)} LIMIT 1),
      (SELECT thread_id FROM (${byReferences(place)}) LIMIT 1), ${fresh})`,
    rule: sql`CASE WHEN ${reply} IS NOT NULL THEN 'reply' WHEN EXISTS (${byProvider(place)}) THEN 'provider'
      WHEN EXISTS (${byReferences(place)}) THEN 'references' ELSE 'none' END`,
  };
}

/** The condition under which a message has to begin a thread. */
export const hasNoThread = (place: Place): SQL => sql`
  NOT EXISTS (${byProvider(place)}) AND NOT EXISTS (${byReferences(place)})`;

/**
 * The statements that connect a stored message with the others: threads that it has shown to be one become one,
 * and what it refers to in vain is remembered until it comes. Of the provider's thread nearly all is in the right
 * place, so only what is not is looked for: to either side of it in the index.
 * @param messageId nothing happens unless it was `cause` that wrote this message last
 */
export function connect(place: Place, messageId: string, cause: string): SQL[] {
  if (place.references === undefined && place.internetMessageId === null) return [];
  const { accountId, internetMessageId } = place;
  const target = sql`(SELECT thread_id FROM ems_messages WHERE id = ${messageId} AND applied_by = ${cause})`;
  return [
    sql`
      UPDATE ems_messages SET thread_id = ${target}
      WHERE thread_id IN (
        SELECT thread_id FROM (${byReferences(place)}) WHERE thread_id <> ${target}
        UNION ALL SELECT * FROM (${byProvider(place)} AND thread_id < ${target} LIMIT 1)
        UNION ALL SELECT * FROM (${byProvider(place)} AND thread_id > ${target} LIMIT 1))`,
    sql`
      INSERT INTO ems_pending_references (account_id, internet_message_id, message_id)
      SELECT ${accountId}, j.value, ${messageId} FROM json_each(${nearest(place.references)}) j
      WHERE ${target} IS NOT NULL AND j.value <> coalesce(${internetMessageId}, '') AND NOT EXISTS (
        SELECT 1 FROM ems_messages WHERE account_id = ${accountId} AND internet_message_id = j.value)
      ON CONFLICT DO NOTHING`,
    sql`
      DELETE FROM ems_pending_references
      WHERE account_id = ${accountId} AND internet_message_id = ${internetMessageId} AND ${target} IS NOT NULL`,
  ];
}
