import { gzipSync } from "node:zlib";
import type { Bytes, Notification } from "../store/store.ts";
import type { World } from "../store/world.ts";
import { sign } from "./signing.ts";

/** Nylas: the time limit of an endpoint, in milliseconds. */
const DEADLINE = 10_000;
const TRUNCATE_ABOVE = 1024 * 1024;

/**
 * Calls an endpoint and reads its response, within ten seconds.
 * @throws if there is no response in time; `request.signal` then aborts
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
    // Nylas: any status but 200 is a failure, redirects included.
    const request = new Request(url, { ...init, redirect: "manual", signal });
    return await Promise.race([world.deliver(request).then(read), late]);
  } finally {
    clearTimeout(timer);
    world.calls.delete(controller);
  }
}

/** Builds the POST of an attempt: truncates it above 1 MB, compresses it if asked to, and signs it. */
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
      // Nylas: the signature covers the transmitted bytes, so compress first.
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
