import worker from "../../src/index.ts";
import type { Queued } from "./faults.ts";

/** As wrangler.toml has it: the first, and 40 more. */
const MAX_TRIES = 41;

/** An execution context that waits for nothing: what is deferred may be lost, as on the platform. */
export const execution = {
  waitUntil: () => {},
  passThroughOnException: () => {},
} as unknown as ExecutionContext;

/**
 * Has a batch consumed as the platform would: what is not acknowledged goes back to the queue, and what has used
 * up its tries goes to the dead-letter queue.
 * @returns how many messages were tried in vain
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

/** Works off what is due by now, be it put into the queue meanwhile. @returns how many tries were in vain */
export async function workDue(queue: Queued[], env: Env): Promise<number> {
  let failures = 0;
  const next = () => queue.findIndex(({ due = 0 }) => due <= Date.now());
  for (let at = next(); at !== -1; at = next()) failures += await consume(queue.splice(at, 1), env, queue);
  return failures;
}

/** Works a queue off until it is empty. @throws Error when it never is */
export async function drain(queue: Queued[], env: Env): Promise<void> {
  for (let rounds = 0; queue.length; rounds++) {
    if (rounds > 100_000) throw new Error(`The queue does not become empty: ${JSON.stringify(queue[0])}`);
    await consume(queue.splice(0, 1), env, queue);
  }
}
