import { Hono } from "hono";
import type { GrantApi } from "../http/api.ts";
import { sendMail } from "../mailboxes/send-mail.ts";
import { messageObject } from "../store/message-object.ts";
import type { World } from "../store/world.ts";
import { fieldsOf } from "./messages.ts";
import { parseSend } from "./send-payload.ts";

/** Sends a message. The middleware `idempotent` handles the Idempotency-Key. */
export function sendRoute(world: World): Hono<GrantApi> {
  const routes = new Hono<GrantApi>();

  routes.post("/", (c) => {
    const grant = c.get("grant");
    const fields = fieldsOf(c.req.query("fields"));
    const { payload, attachments } = parseSend(c.get("body"));
    const head = { request_id: c.get("requestId"), grant_id: grant.id };
    const message = sendMail(world, grant, payload, attachments);
    return c.json({ ...head, data: messageObject(message, fields) });
  });

  return routes;
}
