import type { Context } from "hono";
import { responds } from "../../platform/validation.ts";
import type { EmsEnv } from "../context.ts";
import { MessageResponse } from "../messages/schemas.ts";
import { OutboxResponse } from "./schemas.ts";
import type { Sent } from "./send.ts";

/** What every route that sends answers. */
export const SENT = responds(200, MessageResponse, { status: 202, schema: OutboxResponse });

/** What was sent is a message; what waits, for its time or to be undone, is only an entry of the outbox. */
export const answerSent = (c: Context<EmsEnv>, result: Sent) =>
  "message" in result ? c.json(result.message) : c.json(result.waiting, 202);
