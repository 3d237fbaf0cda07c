import type { Front } from "./front.ts";
import { log, logged } from "./log.ts";
import { enabledOf, type Module } from "./module.ts";

/** Makes the Worker's handlers: the front serves HTTP, a queue goes to its module, cron runs every enabled module. */
export const createWorker = (front: Front, modules: Module[]) =>
  ({
    fetch: front.fetch,

    // Messages in a queue are handled even while their module is off: they were accepted.
    queue: (batch, env, execution) =>
      logged("queue", { queue: batch.queue, size: batch.messages.length }, async () => {
        const load = modules
          .flatMap(({ queues }) => Object.entries(queues))
          .find(([name]) => name === batch.queue);
        // Throw: when the handler returns, Cloudflare considers the batch handled and deletes it.
        if (!load) throw new Error(`No module has a queue named ${batch.queue}`);
        const consume = await load[1]();
        await consume(batch, env, execution);
      }),

    scheduled: (_controller, env, execution) =>
      logged("cron", {}, async () => {
        for (const { name, scheduled } of enabledOf(modules, env)) {
          await scheduled(env, execution).catch((error) =>
            log("error", "cron.failed", { module: name, error }),
          );
        }
      }),
  }) satisfies ExportedHandler<Env>;
