import type { Chaos } from "./chaos-settings.ts";
import type { Faults } from "./fault-kinds.ts";
import type { OutgoingMail } from "./mail.ts";
import type { Store } from "./store.ts";

export interface RequestLogEntry {
  /** Milliseconds. */
  at: number;
  method: string;
  path: string;
  query: Record<string, string>;
  /** Null until the request is answered, and if its client disconnected. */
  status: number | null;
  /** The JSON body, `{message, files}` of a multipart body, or null. */
  body: unknown;
  idempotencyKey: string | null;
}

export interface DeliveryLogEntry {
  /** Milliseconds. */
  at: number;
  notificationId: string;
  webhookId: string;
  url: string;
  type: string;
  attempt: number;
  /** Null without a response; `error` then has the reason. */
  status: number | null;
  error?: string;
  verdict: "delivered" | "retry" | "lost";
}

export interface TokenBucket {
  tokens: number;
  /** Milliseconds. */
  refilledAt: number;
}

/** A running stand-in: its state, the work in progress, and its callbacks. */
export interface World {
  store: Store;
  faults: Faults;
  chaos: Chaos;
  requests: RequestLogEntry[];
  deliveries: DeliveryLogEntry[];
  buckets: Map<string, TokenBucket>;
  /** Webhook attempts in progress, by notification id. */
  attempting: Map<string, Promise<void>>;
  /** Sends in progress that carry an Idempotency-Key. */
  sending: Set<string>;
  /** Calls to endpoints in progress; a reset aborts them. */
  calls: Set<AbortController>;
  clock: () => number;
  deliver: (request: Request) => Promise<Response>;
  onOutgoing: (mail: OutgoingMail) => void;
  sentAsUpdated: number;
  awaitDeliveries: boolean;
}

/** The time of the stand-in in milliseconds. */
export function now(world: World): number {
  return world.clock() + world.store.clock_offset;
}

/** The time of the stand-in in Unix seconds, as Nylas uses it. */
export function unixNow(world: World): number {
  return Math.floor(now(world) / 1000);
}

/** Appends to a log that keeps its newest 2,000 entries. */
export function log<T>(entries: T[], entry: T): void {
  entries.push(entry);
  if (entries.length > 2_000) entries.shift();
}
