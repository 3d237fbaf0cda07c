import { Hono } from "hono";
import { z } from "zod";
import type { GrantApi } from "./api.ts";
import { validBody, wholeNumber } from "./api.ts";
import { notFound } from "./errors.ts";
import { isShortPage } from "./fault-answers.ts";
import { unique } from "./mail.ts";
import { messageObject } from "./message-object.ts";
import { messageTests } from "./message-query.ts";
import { announceMessage } from "./notifications.ts";
import type { Position, Query } from "./paging.ts";
import { pageOf } from "./paging.ts";
import type { Grant, StoredMessage } from "./store.ts";
import { mailboxOf } from "./store.ts";
import { folderIdFor } from "./system-folders.ts";
import type { World } from "./world.ts";

const changes = z.object({
  unread: z.boolean().optional(),
  starred: z.boolean().optional(),
  folders: z.array(z.string().min(1)).min(1).optional(),
});

/** The messages of one thread, oldest first, at the position of the latest. */
interface Thread extends Position {
  messages: [StoredMessage, ...StoredMessage[]];
}

/** List, read, change and delete, below a grant; a thread is the messages in it. */
export function threadRoutes(world: World): Hono<GrantApi> {
  const routes = new Hono<GrantApi>();

  routes.get("/", (c) => {
    const query = c.req.query();
    const found = findThreads(world, c.get("grant"), query);
    const isShort = isShortPage(world, c);
    const { items, nextCursor } = pageOf(found, query, { most: 50, otherwise: 20, isShort });
    const grant = c.get("grant");
    const data = items.map((thread) => threadObject(world, grant, thread));
    return c.json({ request_id: c.get("requestId"), data, ...(nextCursor && { next_cursor: nextCursor }) });
  });

  routes.get("/:id", (c) => {
    const thread = threadOf(world, c.get("grant"), c.req.param("id"));
    return c.json({ request_id: c.get("requestId"), data: threadObject(world, c.get("grant"), thread) });
  });

  routes.put("/:id", (c) => {
    const thread = threadOf(world, c.get("grant"), c.req.param("id"));
    changeAll(world, thread, validBody(c.get("body"), changes));
    return c.json({ request_id: c.get("requestId"), data: threadObject(world, c.get("grant"), thread) });
  });

  routes.delete("/:id", (c) => {
    const folders = [folderIdFor(c.get("grant"), "TRASH")];
    changeAll(world, threadOf(world, c.get("grant"), c.req.param("id")), { folders });
    return c.json({ request_id: c.get("requestId") });
  });

  return routes;
}

function changeAll(world: World, { messages }: Thread, change: z.infer<typeof changes>): void {
  for (const message of messages) {
    Object.assign(message, structuredClone(change));
    announceMessage(world, message, "message.updated");
  }
}

/** The threads with a message that passes all filters. */
function findThreads(world: World, grant: Grant, query: Query): Thread[] {
  const tests = messageTests(world, grant, query);
  const bound = { min: 0, max: Number.MAX_SAFE_INTEGER };
  const named = (name: string, otherwise: number) => wholeNumber(query[name], { name, ...bound, otherwise });
  const after = named("latest_message_after", -1);
  const before = named("latest_message_before", bound.max);
  return threadsOf(world, grant).filter(
    ({ messages, date }) =>
      messages.some((message) => tests.every((test) => test(message))) && date > after && date < before,
  );
}

function threadsOf(world: World, grant: Grant): Thread[] {
  const byThread = Map.groupBy(
    mailboxOf(world.store, grant.id).messages.values(),
    (message) => message.thread_id,
  );
  return [...byThread.values()].map((unsorted) => {
    const messages = unsorted.sort((a, b) => a.date - b.date || a.sequence - b.sequence);
    const { date, sequence } = messages.at(-1)!;
    return { messages: messages as Thread["messages"], date, sequence };
  });
}

function threadOf(world: World, grant: Grant, id: string): Thread {
  const thread = threadsOf(world, grant).find(({ messages }) => messages[0].thread_id === id);
  if (!thread) throw notFound();
  return thread;
}

function threadObject(world: World, grant: Grant, { messages }: Thread) {
  const [first] = messages;
  const latest = messages.at(-1)!;
  const isSent = (message: StoredMessage) => message.folders.includes(folderIdFor(grant, "SENT"));
  const received = messages.findLast((message) => !isSent(message));
  const sent = messages.findLast(isSent);
  const drafts = [...mailboxOf(world.store, first.grant_id).drafts.values()].filter(
    ({ message }) => message.thread_id === first.thread_id,
  );
  return {
    id: first.thread_id,
    grant_id: first.grant_id,
    object: "thread",
    latest_draft_or_message: messageObject(latest, "standard"),
    has_attachments: messages.some(({ attachments }) => attachments.length > 0),
    has_drafts: drafts.length > 0,
    earliest_message_date: first.date,
    ...(received && { latest_message_received_date: received.date }),
    ...(sent && { latest_message_sent_date: sent.date }),
    participants: unique(messages.flatMap(({ from, to, cc, bcc }) => [...from, ...to, ...cc, ...bcc])),
    ...(latest.snippet !== undefined && { snippet: latest.snippet }),
    starred: messages.some(({ starred }) => starred),
    subject: first.subject,
    unread: messages.some(({ unread }) => unread),
    message_ids: messages.map(({ id }) => id),
    draft_ids: drafts.map(({ message }) => message.id),
    folders: [...new Set(messages.flatMap(({ folders }) => folders))],
  };
}
