import type { QueuedNotification } from "../../src/ems/intake/notification.ts";

/** A small notification's queue message. */
export const queued = (notification: unknown, received_at: number): QueuedNotification => ({
  received_at,
  bytes: new TextEncoder().encode(JSON.stringify(notification)),
});
