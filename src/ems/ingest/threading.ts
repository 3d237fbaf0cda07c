import { type SQL, sql } from "drizzle-orm/sql";
import { baseSubject } from "../../lib/subject.ts";

// A thread is what is connected. A message is connected with those that have its thread id of the provider, and by
// its references with one other: the nearest that is there, or, where none is, one that misses the same mail under
// the same subject (RFC 8621 section 3). So no mail can join threads by listing many. What a mail was waited for by
// joins when it comes. All of it is decided by the statements of the batch that stores the message, so that two
// deliveries at the same time cannot miss each other.

/** What a message says of its place among others. */
export interface ThreadKeys {
  accountId: string;
  providerThreadId: string | null;
  internetMessageId: string | null;
  /** The Message-IDs that it answers, the nearest last; undefined when the provider has not told its headers. */
  references: string[] | undefined;
  subject: string;
}

/** More than these are not looked at: the first is the thread's root, the last are the nearest. */
const MAX_REFERENCES = 20;

/** The references that are looked at as JSON, the nearest first: json_each keeps the order. */
const nearestFirst = ({ references = [], internetMessageId }: ThreadKeys): string => {
  const isLong = references.length > MAX_REFERENCES;
  const some = isLong ? [references[0], ...references.slice(1 - MAX_REFERENCES)] : references;
  return JSON.stringify(some.filter((id) => id !== internetMessageId).reverse());
};

/** The thread with the provider's id: also the one that was begun with it and has lost the messages that bear it. */
const byProvider = ({ accountId, providerThreadId }: ThreadKeys): SQL => sql`coalesce(
  (SELECT thread_id FROM ems_messages WHERE account_id = ${accountId} AND provider_thread_id = ${providerThreadId} LIMIT 1),
  (SELECT id FROM ems_threads WHERE account_id = ${accountId} AND provider_thread_id = ${providerThreadId}))`;

/**
 * Selects the nearest reference (its `key` counts from the nearest) that leads to a thread, and that thread: of a
 * message that is there, or of a deleted one of whose thread something is left. Of messages with one Message-ID the
 * first that came counts: a later one cannot draw answers to it away.
 */
const nearestThread = (keys: ThreadKeys): SQL => sql`
  SELECT key, thread_id FROM (
    SELECT j.key, coalesce(
      (SELECT thread_id FROM ems_messages WHERE account_id = ${keys.accountId} AND internet_message_id = j.value LIMIT 1),
      (SELECT t.id FROM ems_tombstones d CROSS JOIN ems_threads t ON t.id = d.thread_id
        WHERE d.account_id = ${keys.accountId} AND d.internet_message_id = j.value LIMIT 1)) AS thread_id
    FROM json_each(${nearestFirst(keys)}) j)
  WHERE thread_id IS NOT NULL LIMIT 1`;

/** The thread of a message that misses the same mail, under the same subject. */
const byMissingReference = (keys: ThreadKeys): SQL => sql`
  SELECT m.thread_id FROM json_each(${nearestFirst(keys)}) j
  CROSS JOIN ems_pending_references p ON p.account_id = ${keys.accountId} AND p.internet_message_id = j.value
  CROSS JOIN ems_messages m ON m.id = p.message_id
  WHERE p.base_subject = ${baseSubject(keys.subject)} LIMIT 1`;

const byReferences = (keys: ThreadKeys): SQL => sql`coalesce(
  (SELECT thread_id FROM (${nearestThread(keys)})), (${byMissingReference(keys)}))`;

/**
 * The threads of messages that wait for this one. Those that have found a nearer or farther mail meanwhile only
 * take it in when nothing else does: they join nothing, or two mails in a row could join any two threads.
 */
const waitingThreads = ({ accountId, internetMessageId }: ThreadKeys, hasAncestor: 0 | 1): SQL => sql`
  SELECT m.thread_id FROM ems_pending_references p CROSS JOIN ems_messages m ON m.id = p.message_id
  WHERE p.account_id = ${accountId} AND p.internet_message_id = ${internetMessageId} AND p.has_ancestor = ${hasAncestor}`;

/** What is left of the thread of a message that was deleted, and that comes back. */
const byOwnTombstone = ({ accountId, internetMessageId }: ThreadKeys): SQL => sql`
  SELECT t.id FROM ems_tombstones d CROSS JOIN ems_threads t ON t.id = d.thread_id
  WHERE d.account_id = ${accountId} AND d.internet_message_id = ${internetMessageId} LIMIT 1`;

const byAnyRule = (keys: ThreadKeys): SQL => sql`coalesce(${byProvider(keys)}, ${byReferences(keys)},
  (${waitingThreads(keys, 0)} LIMIT 1), (${waitingThreads(keys, 1)} LIMIT 1), (${byOwnTombstone(keys)}))`;

/** The thread that one of our users has answered in, if it is still there: it may have become part of another. */
export const answeredThread = (id: string | null): SQL => sql`(SELECT id FROM ems_threads WHERE id = ${id})`;

/**
 * The thread that a new message belongs to, and by which rule, as SQL expressions.
 * @param reply the thread that one of our users has answered in; it overrules the rest
 * @param fresh the id of the thread that the statement before has begun, if `hasNoThread`
 */
export function findThread(
  keys: ThreadKeys,
  reply: string | null,
  newThreadId: string,
): { threadId: SQL; rule: SQL } {
  const newThread = sql`(SELECT id FROM ems_threads WHERE id = ${newThreadId})`;
  return {
    threadId: sql`coalesce(${answeredThread(reply)}, ${newThread}, ${byAnyRule(keys)})`,
    rule: sql`CASE WHEN ${answeredThread(reply)} IS NOT NULL THEN 'reply' WHEN ${newThread} IS NOT NULL THEN 'none'
      WHEN ${byProvider(keys)} IS NOT NULL THEN 'provider' ELSE 'references' END`,
  };
}

/** The condition under which a message has to begin a thread. */
export const hasNoThread = (keys: ThreadKeys, reply: string | null): SQL => sql`
  coalesce(${answeredThread(reply)}, ${byAnyRule(keys)}) IS NULL`;

/**
 * The statements that connect a stored message with the others: threads that it has shown to be one become one, of
 * which the oldest stays, and what it refers to in vain is remembered until it comes.
 * @param messageId nothing happens unless it was `cause` that wrote this message last
 */
export function connect(keys: ThreadKeys, messageId: string, cause: string): SQL[] {
  const own = sql`(SELECT thread_id FROM ems_messages WHERE id = ${messageId} AND applied_by = ${cause})`;
  const isNamed = keys.references !== undefined || keys.internetMessageId !== null;
  return [mergeThreads(keys, own), ...(isNamed ? recordMissing(keys, messageId, own) : [])];
}

/**
 * How threads become one is in migrations/0018_folder_triggers.sql, and linear in their messages. A hidden message has
 * the version after its thread's, and the new one must be above it: by that the triggers know it.
 */
function mergeThreads(keys: ThreadKeys, own: SQL): SQL {
  const { accountId, providerThreadId } = keys;
  const ofProvider = sql`FROM ems_messages WHERE account_id = ${accountId} AND provider_thread_id = ${providerThreadId}`;
  return sql`
      WITH related (id) AS MATERIALIZED (
        SELECT ${own} UNION ALL SELECT ${byReferences(keys)} UNION ALL ${waitingThreads(keys, 0)}
        UNION ALL SELECT min(thread_id) ${ofProvider} UNION ALL SELECT max(thread_id) ${ofProvider})
      UPDATE ems_threads SET merged_into = (SELECT min(id) FROM related),
        version = (SELECT max(version) + 2 FROM ems_threads WHERE id IN (SELECT id FROM related))
      WHERE id IN (SELECT id FROM related) AND (SELECT min(id) < max(id) FROM related) AND ${own} IS NOT NULL`;
}

/** Remembers what is missing nearer than the nearest that is there, and that this message is missing no more. */
function recordMissing(keys: ThreadKeys, messageId: string, own: SQL): SQL[] {
  const { accountId, internetMessageId } = keys;
  const here = sql`account_id = ${accountId} AND internet_message_id = ${internetMessageId} AND ${own} IS NOT NULL`;
  const found = sql`(SELECT key FROM (${nearestThread(keys)}))`;
  return [
    sql`
      INSERT INTO ems_pending_references (account_id, internet_message_id, message_id, base_subject, has_ancestor)
      SELECT ${accountId}, j.value, ${messageId}, ${baseSubject(keys.subject)}, ${found} IS NOT NULL
      FROM json_each(${nearestFirst(keys)}) j WHERE ${own} IS NOT NULL AND j.key < coalesce(${found}, ${MAX_REFERENCES})
      ON CONFLICT DO NOTHING`,
    sql`
      UPDATE ems_pending_references SET has_ancestor = 1
      WHERE message_id IN (SELECT message_id FROM ems_pending_references WHERE ${here}) AND has_ancestor = 0
        AND internet_message_id <> ${internetMessageId}`,
    sql`DELETE FROM ems_pending_references WHERE ${here}`,
  ];
}
