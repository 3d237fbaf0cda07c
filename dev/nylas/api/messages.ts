import { Hono } from "hono";
import { z } from "zod";
import { isShortPage } from "../faults/middleware.ts";
import type { GrantApi } from "../http/api.ts";
import { validBody } from "../http/api.ts";
import { invalidRequest, notFound } from "../http/errors.ts";
import { pageOf } from "../http/paging.ts";
import { happens } from "../store/chaos-settings.ts";
import type { MessageFields } from "../store/message-object.ts";
import { MESSAGE_FIELDS, messageObject } from "../store/message-object.ts";
import type { Grant, StoredMessage } from "../store/store.ts";
import { dropMessage, mailboxOf } from "../store/store.ts";
import { folderIdFor } from "../store/system-folders.ts";
import type { World } from "../store/world.ts";
import { announceMessage } from "../webhooks/notifications.ts";
import { mistyped } from "../webhooks/odd-shapes.ts";
import { messageTests } from "./message-query.ts";

const changes = z.object({
  unread: z.boolean().optional(),
  starred: z.boolean().optional(),
  folders: z.array(z.string().min(1)).min(1).optional(),
});

/** List, read, update and delete messages. */
export function messageRoutes(world: World): Hono<GrantApi> {
  const routes = new Hono<GrantApi>();

  routes.get("/", (c) => {
    const query = c.req.query();
    const grant = c.get("grant");
    const tests = messageTests(world, grant, query);
    const found = [...mailboxOf(world.store, grant.id).messages.values()].filter((message) =>
      tests.every((test) => test(message)),
    );
    const isShort = isShortPage(world, c);
    const { items, nextCursor } = pageOf(found, query, isShort);
    const data = items.map((message) => shown(world, message, query));
    return c.json({ request_id: c.get("requestId"), data, ...(nextCursor && { next_cursor: nextCursor }) });
  });

  routes.get("/:id", (c) => {
    const message = messageOf(world, c.get("grant"), c.req.param("id"));
    return c.json({ request_id: c.get("requestId"), data: shown(world, message, c.req.query()) });
  });

  routes.put("/:id", (c) => {
    const grant = c.get("grant");
    const message = messageOf(world, grant, c.req.param("id"));
    const change = validBody(c.get("body"), changes);
    if (grant.provider === "microsoft" && (change.folders?.length ?? 1) !== 1) {
      throw invalidRequest("folders must hold exactly one folder");
    }
    Object.assign(message, change);
    announceMessage(world, message, "message.updated");
    return c.json({ request_id: c.get("requestId"), data: messageObject(message, "standard") });
  });

  routes.delete("/:id", (c) => {
    const message = messageOf(world, c.get("grant"), c.req.param("id"));
    if (c.req.query("hard_delete") === "true") {
      dropMessage(world.store, message);
      announceMessage(world, message, "message.deleted");
    } else {
      message.folders = [folderIdFor(c.get("grant"), "TRASH")];
      announceMessage(world, message, "message.updated");
    }
    return c.json({ request_id: c.get("requestId") });
  });

  return routes;
}

/** The message with this id. @throws ApiError 404 if the grant has no such message */
export function messageOf(world: World, grant: Grant, id: string): StoredMessage {
  const message = mailboxOf(world.store, grant.id).messages.get(id);
  if (!message) throw notFound();
  return message;
}

/** The `fields` parameter. @throws ApiError 400 for a value that the stand-in does not simulate */
export function fieldsOf(value = "standard"): MessageFields {
  const fields = MESSAGE_FIELDS.find((candidate) => candidate === value);
  if (fields === undefined) throw invalidRequest(`fields must be one of ${MESSAGE_FIELDS.join(", ")}`);
  return fields;
}

function shown(world: World, message: StoredMessage, query: Record<string, string>) {
  const object = messageObject(message, fieldsOf(query.fields));
  return happens(world.store, world.chaos.settings.mistyped) ? mistyped(world.store, object) : object;
}
