import worker from "../../src/index.ts";
import type { Queued } from "./faults.ts";

/** As in wrangler.toml: one try and 40 retries. */
const MAX_TRIES = 41;

/** An execution context that runs no deferred work, as when the platform drops it. */
export const execution = {
  waitUntil: () => {},
  passThroughOnException: () => {},
} as unknown as ExecutionContext;

/**
 * Consumes a batch as the platform does. Unacknowledged messages return to the queue; after their last try they go
 * to the dead-letter queue.
 * @returns how many tries failed
 */
export async function consume(batch: Queued[], env: Env, queue: Queued[]): Promise<number> {
  let failures = 0;
  const messages = batch.map((queued, index) => ({
    id: String(index),
    timestamp: new Date(),
    attempts: queued.attempts,
    body: structuredClone(queued.body),
    ack: () => {},
    retry: ({ delaySeconds = 0 } = {}) => {
      failures++;
      queue.push({ ...queued, attempts: queued.attempts + 1, due: Date.now() + delaySeconds * 1000 });
    },
  }));
  const name = batch[0]?.queue;
  if (!name) return 0;
  const isDead = (batch[0]?.attempts ?? 0) > MAX_TRIES;
  const received = { queue: isDead ? `${name}-dead` : name, messages, ackAll: () => {}, retryAll: () => {} };
  await worker.queue(received as never, env, execution);
  return failures;
}

/** Consumes every due message, including those enqueued meanwhile. @returns how many tries failed */
export async function workDue(queue: Queued[], env: Env): Promise<number> {
  let failures = 0;
  const next = () => queue.findIndex(({ due = 0 }) => due <= Date.now());
  for (let at = next(); at !== -1; at = next()) failures += await consume(queue.splice(at, 1), env, queue);
  return failures;
}

/** Consumes a queue until it is empty. @throws Error when it does not empty */
export async function drain(queue: Queued[], env: Env): Promise<void> {
  for (let rounds = 0; queue.length; rounds++) {
    if (rounds > 100_000) throw new Error(`The queue does not become empty: ${JSON.stringify(queue[0])}`);
    await consume(queue.splice(0, 1), env, queue);
  }
}
