import { platformConfig } from "./config.ts";
import type { Front } from "./front.ts";
import { log } from "./log.ts";
import type { Module } from "./module.ts";

/** The handlers of the Worker: HTTP by the front, each queue by the module that has it, cron by every module that is on. */
export const createWorker = (front: Front, modules: Module[]) =>
  ({
    fetch: front.fetch,

    // What a queue already holds is worked on also while its module is off: it was accepted.
    async queue(batch, env, execution) {
      const load = modules
        .flatMap(({ queues }) => Object.entries(queues))
        .find(([name]) => name === batch.queue);
      // Cloudflare takes a batch for handled when the handler returns, and deletes it.
      if (!load) throw new Error(`No module has a queue named ${batch.queue}`);
      const consume = await load[1]();
      await consume(batch, env, execution);
    },

    async scheduled(_controller, env, execution) {
      const { MODULES } = platformConfig(env);
      for (const { name, scheduled } of modules.filter((module) => MODULES[module.name] !== false)) {
        await scheduled(env, execution).catch((error) =>
          log("error", "cron.failed", { module: name, error }),
        );
      }
    },
  }) satisfies ExportedHandler<Env>;
