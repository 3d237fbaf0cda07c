import { gzipSync } from "node:zlib";
import type { Bytes, Notification } from "../store/store.ts";
import type { World } from "../store/world.ts";
import { sign } from "./signing.ts";

/** Nylas: how long an endpoint has to answer a notification or a challenge. */
const DEADLINE = 10_000;
const TRUNCATE_ABOVE = 1024 * 1024;

/**
 * Calls an endpoint and reads its answer within ten seconds. Throws when there is no answer by then, or none at
 * all; `request.signal` then aborts.
 */
export async function reach<T>(
  world: World,
  url: string,
  init: RequestInit,
  read: (response: Response) => Promise<T>,
): Promise<T> {
  const controller = new AbortController();
  const { signal } = controller;
  const late = new Promise<never>((_, reject) => {
    signal.addEventListener("abort", () => reject(signal.reason));
  });
  world.calls.add(controller);
  const timer = setTimeout(() => controller.abort(new Error("no answer within 10 s")), DEADLINE);
  try {
    // A redirect is an answer that is not 200.
    const request = new Request(url, { ...init, redirect: "manual", signal });
    return await Promise.race([world.deliver(request).then(read), late]);
  } finally {
    clearTimeout(timer);
    world.calls.delete(controller);
  }
}

/** The POST of one attempt: its number inside, truncated if too long, compressed if asked, then signed. */
export function notificationPost(
  notification: Pick<Notification, "id" | "type" | "source" | "time" | "data">,
  attempt: number,
  { secret, compressed }: { secret: string; compressed: boolean },
): RequestInit {
  const json = envelope(notification, attempt);
  const body: Bytes = compressed ? new Uint8Array(gzipSync(json)) : json;
  return {
    method: "POST",
    body,
    headers: {
      "content-type": "application/json",
      // Nylas: the signature covers the bytes on the wire, compressed or not.
      "x-nylas-signature": sign(secret, body),
      ...(compressed && { "content-encoding": "gzip" }),
    },
  };
}

function envelope(
  { id, type, source, time, data }: Pick<Notification, "id" | "type" | "source" | "time" | "data">,
  attempt: number,
): Bytes {
  const head = { specversion: "1.0", type, source, id, time, webhook_delivery_attempt: attempt };
  const whole = new TextEncoder().encode(JSON.stringify({ ...head, data }));
  if (whole.byteLength <= TRUNCATE_ABOVE || !type.startsWith("message.")) return whole;
  const { body: _, ...object } = data.object as Record<string, unknown>;
  const truncated = { ...head, type: `${type}.truncated`, data: { ...data, object } };
  return new TextEncoder().encode(JSON.stringify(truncated));
}
