import { invalid, ServiceError } from "../../lib/errors.ts";
import { verifyHmac } from "../../lib/hmac.ts";
import { readCapped } from "../../lib/read-capped.ts";
import { nowSeconds, toIso } from "../../lib/time.ts";
import type { Ctx } from "../context.ts";
import { Notification, type QueuedNotification } from "./notification.ts";

/** Nylas sends 1 MB at most; compressed, that may be the size of the compressed bytes. */
const MAX_RECEIVED_BYTES = 2 * 1024 * 1024;
const MAX_INFLATED_BYTES = 16 * 1024 * 1024;
/** A queue message holds 128 KB, with what the queue adds; a larger one is read from R2. */
const MAX_QUEUED_BYTES = 100_000;

/** R2 keys of notifications: `notifications/{day}/{id}.json`, so that a day's can be removed together. */
export const NOTIFICATIONS = "notifications/";

/** @param receivedAt seconds since the epoch */
export const notificationKey = (receivedAt: number, id: string): string =>
  `${NOTIFICATIONS}${toIso(receivedAt).slice(0, 10)}/${encodeURIComponent(id)}.json`;

export interface Received {
  signature: string | undefined;
  encoding: string | undefined;
  body: ReadableStream<Uint8Array> | null;
}

/**
 * Takes a notification in: checks who sent it, and puts it where it cannot get lost. Nothing else happens before
 * the answer.
 * @throws ServiceError unauthenticated for a wrong signature, and then nothing is kept; `invalid` for what is signed but no
 *   notification; `unavailable` when it could not be kept: Nylas repeats it then, while after a 500 it never would
 */
export async function receiveNotification(ctx: Ctx, { signature, encoding, body }: Received): Promise<void> {
  if (!signature) throw badSignature();
  const raw = await readCapped(body, MAX_RECEIVED_BYTES);
  const { NYLAS_WEBHOOK_SECRET: current, NYLAS_WEBHOOK_SECRET_PREVIOUS: previous } = ctx.config;
  if (!current) throw notKept("NYLAS_WEBHOOK_SECRET is not set");
  // Over the bytes as they came, and before anything looks into them.
  const isSigned =
    (await verifyHmac(current, raw, signature)) || (previous && (await verifyHmac(previous, raw, signature)));
  if (!isSigned) throw badSignature();
  const json = encoding === "gzip" ? await inflate(raw) : raw;
  await keep(ctx, parse(json), json).catch((error) => {
    throw notKept(error);
  });
}

const badSignature = () =>
  new ServiceError("unauthenticated", "The x-nylas-signature header is missing or does not match the body");

/** Nylas comes again after a 503. */
export const notKept = (cause: unknown) =>
  new ServiceError("unavailable", "The notification cannot be kept now; send it again", {
    cause,
    retryAfterSeconds: 60,
  });

async function inflate(bytes: Uint8Array<ArrayBuffer>): Promise<Uint8Array<ArrayBuffer>> {
  const stream = new Response(bytes).body?.pipeThrough(new DecompressionStream("gzip")) ?? null;
  try {
    return await readCapped(stream, MAX_INFLATED_BYTES);
  } catch (error) {
    throw error instanceof ServiceError ? error : invalid("body: is not gzip, as its content-encoding says");
  }
}

function parse(bytes: Uint8Array): Notification {
  try {
    return Notification.parse(JSON.parse(new TextDecoder().decode(bytes)));
  } catch {
    throw invalid("body: is not a notification: it needs id, type and data.object");
  }
}

async function keep({ env }: Ctx, notification: Notification, json: Uint8Array): Promise<void> {
  const receivedAt = nowSeconds();
  const key = notificationKey(receivedAt, notification.id);
  const queued: QueuedNotification = { key, received_at: receivedAt };
  const put = () => env.ATTACHMENTS.put(key, json, { httpMetadata: { contentType: "application/json" } });
  if (json.byteLength <= MAX_QUEUED_BYTES) {
    // Should one of the two fail, the repetition does both again, and is applied once all the same.
    await Promise.all([put(), env.WEBHOOKS.send({ ...queued, notification })]);
    return;
  }
  await put();
  await env.WEBHOOKS.send(queued);
}
