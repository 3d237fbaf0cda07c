import { baseSubject } from "../../lib/subject.ts";
import { type SQL, sql } from "../../platform/d1/sql.ts";

// A thread joins messages that share the provider's thread id, or that refer to each other. By references a
// message joins one other: the nearest one stored, else one that misses the same message under the same subject
// (RFC 8621 section 3). So no mail can join threads by listing many ids. When a missing message arrives, it joins
// the messages that wait for it. The statements that store a message decide all of this, so concurrent deliveries
// cannot miss each other.

/** The fields that decide a message's thread. */
export interface ThreadKeys {
  accountId: string;
  providerThreadId: string | null;
  internetMessageId: string | null;
  /** The Message-IDs it replies to, nearest last; undefined when the update has no headers. */
  references: string[] | undefined;
  subject: string;
}

/** Most references considered: the first is the thread's root, the last are the nearest. */
const MAX_REFERENCES = 20;

/** The considered references as JSON, nearest first; json_each keeps the order. */
const nearestFirst = ({ references = [], internetMessageId }: ThreadKeys): string => {
  const isLong = references.length > MAX_REFERENCES;
  const some = isLong ? [references[0], ...references.slice(1 - MAX_REFERENCES)] : references;
  return JSON.stringify(some.filter((id) => id !== internetMessageId).reverse());
};

/** The thread with the provider's thread id, even if its messages with that id are gone. */
const byProvider = ({ accountId, providerThreadId }: ThreadKeys): SQL => sql`coalesce(
  (SELECT thread_id FROM ems_messages WHERE account_id = ${accountId} AND provider_thread_id = ${providerThreadId} LIMIT 1),
  (SELECT id FROM ems_threads WHERE account_id = ${accountId} AND provider_thread_id = ${providerThreadId}))`;

/**
 * Selects the nearest reference that leads to a thread (`key` counts from the nearest), and that thread. Deleted
 * messages count while their thread has others. Of messages with one Message-ID the first stored counts, so a
 * later one cannot draw replies away.
 */
const nearestThread = (keys: ThreadKeys): SQL => sql`
  SELECT key, thread_id FROM (
    SELECT j.key, coalesce(
      (SELECT thread_id FROM ems_messages WHERE account_id = ${keys.accountId} AND internet_message_id = j.value LIMIT 1),
      (SELECT t.id FROM ems_tombstones d CROSS JOIN ems_threads t ON t.id = d.thread_id
        WHERE d.account_id = ${keys.accountId} AND d.internet_message_id = j.value LIMIT 1)) AS thread_id
    FROM json_each(${nearestFirst(keys)}) j)
  WHERE thread_id IS NOT NULL LIMIT 1`;

/** The thread of another reply to the same missing message, under the same subject. */
const byMissingReference = (keys: ThreadKeys): SQL => sql`
  SELECT m.thread_id FROM json_each(${nearestFirst(keys)}) j
  CROSS JOIN ems_pending_references p ON p.account_id = ${keys.accountId} AND p.internet_message_id = j.value
  CROSS JOIN ems_messages m ON m.id = p.message_id
  WHERE p.base_subject = ${baseSubject(keys.subject)} LIMIT 1`;

const byReferences = (keys: ThreadKeys): SQL => sql`coalesce(
  (SELECT thread_id FROM (${nearestThread(keys)})), (${byMissingReference(keys)}))`;

/**
 * The threads of messages that wait for this one. Those with `has_ancestor` have found another reference since.
 * They may take this message in, but never join threads: else two mails could join any two threads.
 */
const waitingThreads = ({ accountId, internetMessageId }: ThreadKeys, hasAncestor: 0 | 1): SQL => sql`
  SELECT m.thread_id FROM ems_pending_references p CROSS JOIN ems_messages m ON m.id = p.message_id
  WHERE p.account_id = ${accountId} AND p.internet_message_id = ${internetMessageId} AND p.has_ancestor = ${hasAncestor}`;

/** The rest of this message's own thread, if it was deleted and returns. */
const byOwnTombstone = ({ accountId, internetMessageId }: ThreadKeys): SQL => sql`
  SELECT t.id FROM ems_tombstones d CROSS JOIN ems_threads t ON t.id = d.thread_id
  WHERE d.account_id = ${accountId} AND d.internet_message_id = ${internetMessageId} LIMIT 1`;

const byAnyRule = (keys: ThreadKeys): SQL => sql`coalesce(${byProvider(keys)}, ${byReferences(keys)},
  (${waitingThreads(keys, 0)} LIMIT 1), (${waitingThreads(keys, 1)} LIMIT 1), (${byOwnTombstone(keys)}))`;

/** The thread one of our users replied in, unless it was merged or deleted since. */
export const answeredThread = (id: string | null): SQL => sql`(SELECT id FROM ems_threads WHERE id = ${id})`;

/**
 * The thread of a new message and the rule that found it, as SQL expressions.
 * @param reply the thread one of our users replied in; it overrules the rest
 * @param newThreadId the thread that the previous statement inserted, if `hasNoThread`
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

/** The condition that a message needs a new thread. */
export const hasNoThread = (keys: ThreadKeys, reply: string | null): SQL => sql`
  coalesce(${answeredThread(reply)}, ${byAnyRule(keys)}) IS NULL`;

/**
 * The statements that connect a stored message. They merge the threads it joins into the oldest, and remember its
 * missing references.
 * @param messageId nothing happens unless `cause` wrote this message last
 */
export function connect(keys: ThreadKeys, messageId: string, cause: string): SQL[] {
  const own = sql`(SELECT thread_id FROM ems_messages WHERE id = ${messageId} AND applied_by = ${cause})`;
  const isNamed = keys.references !== undefined || keys.internetMessageId !== null;
  return [mergeThreads(keys, own), ...(isNamed ? recordMissing(keys, messageId, own) : [])];
}

/**
 * Merges threads by the trigger in migrations/ems/0018_folder_triggers.sql, in linear time. A hidden message has the
 * version after its thread's. The merged version must be higher, since the triggers compare them.
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

/**
 * Remembers references that are missing before the nearest stored one, and clears those that this message fulfils.
 */
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
