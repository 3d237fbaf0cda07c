import type { MailboxEnv } from "./env.ts";

/** What the code of a mailbox works with. */
export interface MailboxContext {
  storage: DurableObjectStorage;
  sql: SqlStorage;
  env: MailboxEnv;
  /** Sets the alarm for what is due first: to be called after work was added, or has become due earlier. */
  wake(): Promise<void>;
  /** Keeps the object awake until the promise settles. */
  waitUntil(promise: Promise<unknown>): void;
}
