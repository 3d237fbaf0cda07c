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
  /** Null while the request is unanswered, or when its client went away. */
  status: number | null;
  /** The JSON sent, `{message, files}` of a multipart, or null. */
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
  /** Null when there was no answer; `error` then says why. */
  status: number | null;
  error?: string;
  verdict: "delivered" | "retry" | "lost";
}

export interface TokenBucket {
  tokens: number;
  /** Milliseconds. */
  refilledAt: number;
}

/** One running stand-in: what it remembers, what is under way, and the ways out of it. */
export interface World {
  store: Store;
  faults: Faults;
  chaos: Chaos;
  requests: RequestLogEntry[];
  deliveries: DeliveryLogEntry[];
  buckets: Map<string, TokenBucket>;
  /** The webhook attempts under way, by notification id. */
  attempting: Map<string, Promise<void>>;
  /** The sends under way that carry an Idempotency-Key. */
  sending: Set<string>;
  /** The calls to endpoints under way; a reset aborts them. */
  calls: Set<AbortController>;
  clock: () => number;
  deliver: (request: Request) => Promise<Response>;
  onOutgoing: (mail: OutgoingMail) => void;
  sentAsUpdated: number;
  awaitDeliveries: boolean;
}

/** The virtual time in milliseconds. */
export function now(world: World): number {
  return world.clock() + world.store.clock_offset;
}

/** The virtual time in whole Unix seconds, as Nylas writes it. */
export function unixNow(world: World): number {
  return Math.floor(now(world) / 1000);
}

/** Appends to a log that forgets its oldest entries beyond 2 000. */
export function log<T>(entries: T[], entry: T): void {
  entries.push(entry);
  if (entries.length > 2_000) entries.shift();
}
