import { notFound } from "../../lib/errors.ts";
import { entryIdOf } from "../../lib/ids.ts";
import { sql } from "../../platform/d1/sql.ts";
import { batch, inCompanies, ofCompany, type UserCtx } from "../context.ts";
import { notifyHub } from "../events/hub-client.ts";
import { appendEvents } from "../events/log.ts";
import { densifyLater, type Touched, upsertEntries } from "../inbox/service.ts";
import { NEWEST, newestOf } from "./details.ts";
import type { ConversationChangeResponse, ConversationsChangeResponse } from "./responses.ts";
import type { ConversationUpdate } from "./schemas.ts";

/** Messages per batch. A request may change 100 conversations of 500 messages. */
const PORTION = 1000;

type Field = keyof ConversationUpdate;
const FIELDS = ["is_read", "is_starred", "is_archived"] as const;

/** A message and the caller's state of it, as JSON has it. */
type State = [
  id: string,
  direction: "inbound" | "outbound",
  is_read: 0 | 1,
  is_starred: 0 | 1,
  is_archived: 0 | 1,
];

/** What to change of a message: the fields that have another value. */
interface Change {
  thread_id: string;
  message_id: string;
  fields: Field[];
}

/**
 * Changes the caller's state of a conversation: its newest 500 messages, except in junk, trash and drafts.
 * @returns the entries that changed
 * @throws ServiceError not_found
 */
export async function changeConversation(
  ctx: UserCtx,
  threadId: string,
  changes: ConversationUpdate,
): Promise<ConversationChangeResponse> {
  const { changed, not_found } = await changeConversations(ctx, [threadId], changes);
  if (not_found.length > 0) throw notFound("Thread");
  return { changed };
}

/**
 * Applies the same changes to several conversations.
 * @returns the entries that changed, and the ids of threads that are not the caller's
 */
export async function changeConversations(
  ctx: UserCtx,
  threadIds: string[],
  changes: ConversationUpdate,
): Promise<ConversationsChangeResponse> {
  const { user_id } = ctx.user;
  const wanted = [...new Set(threadIds)];
  const states = newestOf(user_id, sql`0`, sql`m.id, m.direction`, NEWEST);
  const threads = await ctx.db.all(sql<{ id: string; company_id: number; messages: string }>`
    SELECT t.id, t.company_id, (
      SELECT json_group_array(json_array(id, direction, is_read, is_starred, is_archived)) FROM (${states})) AS messages
    FROM json_each(${JSON.stringify(wanted)}) j CROSS JOIN ems_threads t ON t.id = j.value
    WHERE +t.company_id ${inCompanies(ctx)}`);
  const made: Change[] = [];
  for (const [company, group] of Map.groupBy(threads, ({ company_id }) => company_id)) {
    const needed = group.flatMap(({ id, messages }) => changesOf(id, JSON.parse(messages), changes));
    for (let first = 0; first < needed.length; first += PORTION) {
      const portion = needed.slice(first, first + PORTION);
      const touched = await write(ofCompany(ctx, company), portion, changes);
      notifyHub(ctx, company);
      made.push(...portion.filter(({ message_id }) => touched.has(message_id)));
    }
  }
  const idsOf = (field: Field) =>
    made
      .filter(({ fields }) => fields.includes(field))
      .map(({ message_id }) => entryIdOf(user_id, message_id));
  const asked = FIELDS.filter((field) => changes[field] !== undefined);
  const found = new Set(threads.map(({ id }) => id));
  return {
    changed: Object.fromEntries(asked.map((field) => [field, idsOf(field)])),
    not_found: wanted.filter((id) => !found.has(id)),
  };
}

/** @param messages newest first */
function changesOf(thread_id: string, messages: State[], changes: ConversationUpdate): Change[] {
  const [newest] = messages;
  // One's own answer may be newer. Mark as unread what others have written: the inbox has that.
  const received = messages.find(([, direction]) => direction === "inbound") ?? newest;
  return messages.flatMap((message) => {
    const [message_id, , is_read, is_starred, is_archived] = message;
    const isChanged: Record<Field, boolean> = {
      is_read: changes.is_read ? is_read === 0 : is_read === 1 && message === received,
      is_starred: changes.is_starred ? is_starred === 0 && message === newest : is_starred === 1,
      is_archived: changes.is_archived ? is_archived === 0 : is_archived === 1,
    };
    const fields = FIELDS.filter((field) => changes[field] !== undefined && isChanged[field]);
    return fields.length > 0 ? { thread_id, message_id, fields } : [];
  });
}

/** Writes changes of one company's messages, with an event for each conversation. @returns the ids of the messages */
async function write(ctx: UserCtx, needed: Change[], changes: ConversationUpdate): Promise<Set<string>> {
  const { user_id } = ctx.user;
  const threads = [...Map.groupBy(needed, ({ thread_id }) => thread_id)].map(([thread_id, messages]) => [
    thread_id,
    messages.length === 1 ? messages[0]?.message_id : null,
  ]);
  const groups = [...Map.groupBy(needed, ({ fields }) => fields.join()).values()].map((group) => {
    const messages = sql`
      json_each(${JSON.stringify(group.map(({ message_id }) => message_id))}) j
      CROSS JOIN ems_messages m ON m.id = j.value AND +m.company_id ${inCompanies(ctx)}`;
    const fields = group[0]?.fields ?? [];
    return upsertEntries(
      user_id,
      messages,
      Object.fromEntries(fields.map((field) => [field, changes[field]])),
    );
  });
  const [, ...entries] = await batch(ctx, [
    // Without a cause: every change raises an event for the user's other tabs and devices.
    appendEvents(sql`
      SELECT t.company_id, ${user_id}, 'inbox.updated', t.id, j.value ->> 1, NULL, NULL
      FROM json_each(${JSON.stringify(threads)}) j CROSS JOIN ems_threads t ON t.id = j.value ->> 0
      WHERE +t.company_id ${inCompanies(ctx)}`),
    groups,
  ]);
  const touched: Touched[] = entries.flat(2);
  densifyLater(ctx, touched);
  return new Set(touched.map(({ id }) => id));
}
