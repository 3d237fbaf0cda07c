import { log } from "./log.ts";

/** A message for a queue, held back for some seconds if it says so. */
export interface Outgoing<T> {
  body: T;
  delaySeconds?: number;
}

/** A queue takes this many messages in one call. */
const SEND_BATCH = 100;

/** Puts any number of messages into a queue. When it throws, some of them may be in it. */
export async function sendAll<T>(queue: Queue<T>, messages: Outgoing<T>[]): Promise<void> {
  for (let start = 0; start < messages.length; start += SEND_BATCH) {
    await queue.sendBatch(messages.slice(start, start + SEND_BATCH));
  }
}

/** The gaps between tries grow up to this: with `max_retries` in wrangler.toml they outlast some eight hours. */
const MAX_DELAY_SECONDS = 900;

export interface ConsumerOptions<Ctx> {
  /** Made once per batch. */
  context(env: Env, execution: ExecutionContext): Ctx;
  /** Handles one message. It checks the message's schema: what a queue holds may be of an earlier version. */
  handle(ctx: Ctx, body: unknown): Promise<void>;
  /**
   * Tells whether a message that failed goes back into its first queue as a new one, and so loses no try.
   * @returns after how many seconds; null to count the try
   */
  postponed(error: unknown, message: Message): number | null;
  /** That queue. */
  source(env: Env): Queue;
}

/** Makes a consumer that takes each message by itself: one that fails comes again later and holds up no other. */
export const createConsumer =
  <Ctx>({ context, handle, postponed, source }: ConsumerOptions<Ctx>): ExportedHandlerQueueHandler<Env> =>
  async (batch, env, execution) => {
    const ctx = context(env, execution);
    await Promise.all(
      batch.messages.map(async (message) => {
        try {
          await handle(ctx, message.body);
        } catch (error) {
          const { id, attempts, body } = message;
          log("error", "queue.failed", { queue: batch.queue, id, attempts, error });
          const delaySeconds = postponed(error, message);
          if (delaySeconds === null || !(await putBack(source(env), body, delaySeconds))) {
            return message.retry({ delaySeconds: Math.min(2 ** attempts, MAX_DELAY_SECONDS) });
          }
        }
        message.ack();
      }),
    );
  };

const putBack = (queue: Queue, body: unknown, delaySeconds: number): Promise<boolean> =>
  queue.send(body, { delaySeconds }).then(
    () => true,
    () => false,
  );
