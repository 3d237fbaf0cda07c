import type { Front } from "./front.ts";
import { log } from "./log.ts";
import { enabledOf, type Module } from "./module.ts";

/** Makes the Worker's handlers: the front serves HTTP, a queue goes to its module, cron runs every enabled module. */
export const createWorker = (front: Front, modules: Module[]) =>
  ({
    fetch: front.fetch,

    // Messages in a queue are handled even while their module is off: they were accepted.
    async queue(batch, env, execution) {
      const load = modules
        .flatMap(({ queues }) => Object.entries(queues))
        .find(([name]) => name === batch.queue);
      // Throw: when the handler returns, Cloudflare considers the batch handled and deletes it.
      if (!load) throw new Error(`No module has a queue named ${batch.queue}`);
      const consume = await load[1]();
      await consume(batch, env, execution);
    },

    async scheduled(_controller, env, execution) {
      for (const { name, scheduled } of enabledOf(modules, env)) {
        await scheduled(env, execution).catch((error) =>
          log("error", "cron.failed", { module: name, error }),
        );
      }
    },
  }) satisfies ExportedHandler<Env>;
