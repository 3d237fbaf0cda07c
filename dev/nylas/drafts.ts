import { Hono } from "hono";
import type { GrantApi } from "./api.ts";
import { notFound } from "./errors.ts";
import { isShortPage } from "./fault-answers.ts";
import { messageObject } from "./message-object.ts";
import { messageTests } from "./message-query.ts";
import { pageOf } from "./paging.ts";
import { filesOf, newDraft, sendDraft } from "./send-mail.ts";
import { parseDraft } from "./send-payload.ts";
import type { Grant, StoredDraft, StoredMessage } from "./store.ts";
import { dropContents, mailboxOf } from "./store.ts";
import type { World } from "./world.ts";

/** List, write, read, rewrite, delete and send, below a grant. */
export function draftRoutes(world: World): Hono<GrantApi> {
  const routes = new Hono<GrantApi>();

  routes.get("/", (c) => {
    const query = c.req.query();
    const grant = c.get("grant");
    const tests = messageTests(world, grant, query);
    const drafts = [...mailboxOf(world.store, grant.id).drafts.values()];
    const messages = drafts.map(({ message }) => message);
    const found = messages.filter((message) => tests.every((test) => test(message)));
    const isShort = isShortPage(world, c);
    const { items, nextCursor } = pageOf(found, query, { most: 200, otherwise: 50, isShort });
    const data = items.map(draftObject);
    return c.json({ request_id: c.get("requestId"), data, ...(nextCursor && { next_cursor: nextCursor }) });
  });

  routes.post("/", (c) => {
    const { payload, attachments = [] } = parseDraft(c.get("body"));
    const draft = newDraft(world, c.get("grant"), payload, attachments);
    keepDraft(world, draft);
    return c.json({ request_id: c.get("requestId"), data: draftObject(draft.message) });
  });

  routes.get("/:id", (c) => {
    const { message } = draftOf(world, c.get("grant"), c.req.param("id"));
    return c.json({ request_id: c.get("requestId"), data: draftObject(message) });
  });

  routes.put("/:id", (c) => {
    const grant = c.get("grant");
    const old = draftOf(world, grant, c.req.param("id"));
    const { payload: changes, attachments = filesOf(world, old.message) } = parseDraft(c.get("body"));
    const rewritten = newDraft(world, grant, { ...old.payload, ...changes }, attachments);
    dropContents(world.store, old.message);
    const { id, thread_id } = old.message;
    const draft = { ...rewritten, message: { ...rewritten.message, id, thread_id } };
    keepDraft(world, draft);
    return c.json({ request_id: c.get("requestId"), data: draftObject(draft.message) });
  });

  routes.delete("/:id", (c) => {
    const draft = draftOf(world, c.get("grant"), c.req.param("id"));
    dropContents(world.store, draft.message);
    forgetDraft(world, draft);
    return c.json({ request_id: c.get("requestId") });
  });

  routes.post("/:id", (c) => {
    const grant = c.get("grant");
    const draft = draftOf(world, grant, c.req.param("id"));
    const sent = sendDraft(world, grant, draft);
    forgetDraft(world, draft);
    const data = messageObject(sent, "standard");
    return c.json({ request_id: c.get("requestId"), grant_id: grant.id, data });
  });

  return routes;
}

function keepDraft(world: World, draft: StoredDraft): void {
  mailboxOf(world.store, draft.message.grant_id).drafts.set(draft.message.id, draft);
}

function forgetDraft(world: World, { message }: StoredDraft): void {
  mailboxOf(world.store, message.grant_id).drafts.delete(message.id);
}

function draftOf(world: World, grant: Grant, id: string): StoredDraft {
  const draft = mailboxOf(world.store, grant.id).drafts.get(id);
  if (!draft) throw notFound();
  return draft;
}

// Nylas: a draft has fewer fields than a message, and no empty `to`.
function draftObject(message: StoredMessage) {
  const { date: _, unread: __, to, ...fields } = messageObject(message, "standard");
  return { ...fields, ...(to.length > 0 && { to }), object: "draft" };
}
