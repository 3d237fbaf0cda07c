import { Hono } from "hono";
import type { GrantApi } from "../http/api.ts";
import { invalidRequest, notFound } from "../http/errors.ts";
import type { Grant, StoredAttachment } from "../store/store.ts";
import type { World } from "../store/world.ts";
import { messageOf } from "./messages.ts";

/** Download of an attachment. */
export function attachmentRoutes(world: World): Hono<GrantApi> {
  const routes = new Hono<GrantApi>();

  routes.get("/:id/download", (c) => {
    const found = attachmentOf(world, c.get("grant"), c.req.param("id"), c.req.query("message_id"));
    const content = world.store.contents.get(found.id) ?? new Uint8Array();
    return c.body(content, 200, {
      "content-type": "application/octet-stream",
      "content-length": String(content.byteLength),
      "content-disposition": `attachment; filename*=UTF-8''${encodeURIComponent(found.filename)}`,
    });
  });

  return routes;
}

// Nylas: message_id is required, and the attachment must belong to that message.
function attachmentOf(
  world: World,
  grant: Grant,
  id: string,
  messageId: string | undefined,
): StoredAttachment {
  if (!messageId) throw invalidRequest("message_id is required");
  const found = messageOf(world, grant, messageId).attachments.find((attachment) => attachment.id === id);
  if (!found) throw notFound();
  return found;
}
