import { Hono } from "hono";
import type { GrantApi } from "./api.ts";
import { ApiError, invalidRequest, notFound } from "./errors.ts";
import { uuid } from "./ids.ts";
import type { MailAttachment } from "./mail.ts";
import { emit } from "./notifications.ts";
import type { DraftPayload } from "./payload-schema.ts";
import { newDraft, sendDraft } from "./send-mail.ts";
import type { Grant, Schedule, StoredDraft, StoredMessage } from "./store.ts";
import { dropContents } from "./store.ts";
import type { World } from "./world.ts";
import { unixNow } from "./world.ts";

/** Seconds. Nylas: one minute by the reference, two by the guide. */
const EARLIEST = 60;
const LATEST = 30 * 24 * 60 * 60;
const LAST_CANCEL = 10;

const DESCRIPTIONS = {
  pending: "schedule send awaiting send at time",
  success: "schedule send succeeded",
  failed: "schedule send failed",
};

/** What was scheduled, until it is sent. */
type Pending = Schedule & { draft: StoredDraft };

/** The mails of a grant that were sent for later, below /messages/schedules. */
export function scheduleRoutes(world: World): Hono<GrantApi> {
  const routes = new Hono<GrantApi>();

  routes.get("/", (c) => {
    const { id } = c.get("grant");
    const data = [...world.store.schedules.values()].filter(({ grant_id }) => grant_id === id);
    return c.json({ request_id: c.get("requestId"), data: data.map(statusObject) });
  });

  routes.get("/:id", (c) => {
    const data = statusObject(scheduleOf(world, c.get("grant"), c.req.param("id")));
    return c.json({ request_id: c.get("requestId"), data });
  });

  routes.delete("/:id", (c) => {
    const schedule = scheduleOf(world, c.get("grant"), c.req.param("id"));
    const { draft, send_at } = schedule;
    if (!draft || send_at - unixNow(world) < LAST_CANCEL) {
      throw invalidRequest(`a schedule can be cancelled until ${LAST_CANCEL} seconds before it is sent`);
    }
    dropContents(world.store, draft.message);
    world.store.schedules.delete(schedule.id);
    const data = { message: "requested cancelation for workflow" };
    return c.json({ request_id: c.get("requestId"), data }, 202);
  });

  return routes;
}

/** Keeps a mail to be sent at `sendAt`. Throws a 400 for a time that Nylas does not take. */
export function schedule(
  world: World,
  grant: Grant,
  payload: DraftPayload,
  attachments: MailAttachment[],
  sendAt: number,
): Pending {
  const ahead = sendAt - unixNow(world);
  if (ahead < EARLIEST || ahead > LATEST) {
    throw invalidRequest("send_at must be from one minute to 30 days in the future");
  }
  const draft = newDraft(world, grant, payload, attachments);
  const { store } = world;
  const pending: Pending = { id: uuid(store), grant_id: grant.id, send_at: sendAt, status: "pending", draft };
  store.schedules.set(pending.id, pending);
  return pending;
}

/** Nylas: the answer to a send for later has no message id, for there is no message yet. */
export function scheduledObject({ id, send_at, draft }: Pending) {
  return { schedule_id: id, send_at, use_draft: false, data: contentOf(draft.message) };
}

/** Sends what is due, and says of each how that went; what belongs to a grant that is gone is gone too. */
export function sendDue(world: World): void {
  const { grants, schedules } = world.store;
  for (const schedule of schedules.values()) {
    const { draft, send_at } = schedule;
    if (!draft || send_at > unixNow(world)) continue;
    delete schedule.draft;
    schedule.close_time = unixNow(world);
    const grant = grants.get(schedule.grant_id);
    if (grant) sendOne(world, grant, schedule, draft);
    else schedules.delete(schedule.id);
  }
}

function sendOne(world: World, grant: Grant, schedule: Schedule, draft: StoredDraft): void {
  const shared = { schedule_id: schedule.id, send_at: schedule.send_at };
  try {
    if (grant.grant_status === "invalid") throw new ApiError(401, "unauthorized", "the grant has expired");
    const sent = sendDraft(world, grant, draft);
    schedule.status = "success";
    announce(world, grant, "message.send_success", { ...contentOf(sent), id: sent.id, ...shared }, {});
  } catch (failure) {
    if (!(failure instanceof ApiError)) throw failure;
    schedule.status = "failed";
    dropContents(world.store, draft.message);
    const { message: reason, status: status_code } = failure;
    const data = { reason, error: { type: "api.provider_error", message: reason, status_code } };
    announce(world, grant, "message.send_failed", { ...contentOf(draft.message), ...shared }, data);
  }
}

function announce(world: World, grant: Grant, type: string, object: object, data: object): void {
  emit(world, { type, source: "/nylas/send", object, data: { grant_id: grant.id, ...data } });
}

// Nylas: the body is left out, and attachments are named without their grant.
function contentOf({ grant_id, object, subject, from, to, cc, bcc, reply_to, attachments }: StoredMessage) {
  const files = attachments.map(({ grant_id: _, ...file }) => file);
  return { grant_id, object, subject, from, to, cc, bcc, reply_to, attachments: files };
}

function scheduleOf(world: World, grant: Grant, id: string): Schedule {
  const found = world.store.schedules.get(id);
  if (found?.grant_id !== grant.id) throw notFound();
  return found;
}

function statusObject({ id, status, close_time }: Schedule) {
  return {
    schedule_id: id,
    status: { code: status, description: DESCRIPTIONS[status] },
    ...(close_time !== undefined && { close_time }),
  };
}
