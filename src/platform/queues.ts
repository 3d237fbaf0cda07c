import { log } from "./log.ts";
import { note } from "./work.ts";

/** A message for a queue, with an optional delay. */
export interface Outgoing<T> {
  body: T;
  delaySeconds?: number;
}

/** A queue takes this many messages in one call. */
const SEND_BATCH = 100;

/** Sends any number of messages to a queue. If it throws, some of them may have been sent. */
export async function sendAll<T>(queue: Queue<T>, messages: Outgoing<T>[]): Promise<void> {
  for (let start = 0; start < messages.length; start += SEND_BATCH) {
    await queue.sendBatch(messages.slice(start, start + SEND_BATCH));
  }
}

/** Maximum delay between tries. With `max_retries` in wrangler.toml, the tries span about eight hours. */
const MAX_DELAY_SECONDS = 900;

export interface ConsumerOptions<Ctx> {
  /** Made once per batch. */
  context(env: Env, execution: ExecutionContext): Ctx;
  /** Handles one message. It must check the schema: a queue may hold messages of an earlier version. */
  handle(ctx: Ctx, body: unknown): Promise<void>;
  /**
   * Decides whether a failed message is sent to its source queue again as a new one, without counting the try.
   * @returns the delay in seconds; null to count the try, as without this function
   */
  postponed?(error: unknown, message: Message): number | null;
  /** The source queue, for `postponed`. */
  source?(env: Env): Queue;
}

/** Makes a consumer that handles each message separately: a failed one is retried later and does not block others. */
export const createConsumer =
  <Ctx>({ context, handle, postponed, source }: ConsumerOptions<Ctx>): ExportedHandlerQueueHandler<Env> =>
  async (batch, env, execution) => {
    const ctx = context(env, execution);
    let retried = 0;
    await Promise.all(
      batch.messages.map(async (message) => {
        try {
          await handle(ctx, message.body);
        } catch (error) {
          const { id, attempts, body } = message;
          log("error", "queue.failed", { queue: batch.queue, message: id, attempts, error });
          const delaySeconds = postponed?.(error, message) ?? null;
          if (delaySeconds === null || !source || !(await putBack(source(env), body, delaySeconds))) {
            retried++;
            return message.retry({ delaySeconds: Math.min(2 ** attempts, MAX_DELAY_SECONDS) });
          }
        }
        message.ack();
      }),
    );
    note({ acked: batch.messages.length - retried, retried });
  };

/** As JSON, bytes in a body would grow by a multiple. */
const putBack = (queue: Queue, body: unknown, delaySeconds: number): Promise<boolean> =>
  queue.send(body, { delaySeconds, contentType: "v8" }).then(
    () => true,
    () => false,
  );
