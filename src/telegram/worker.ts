import type { Module } from "../platform/module.ts";
import { configuredPart, NAME } from "./config.ts";
import { createContext } from "./context.ts";
import { runCron } from "./cron.ts";
import { probeParts } from "./health.ts";
import { entry, owns } from "./routes.ts";

export { TelegramMailing } from "./scheduler/mailing.ts";

/** Telegram auto-mailing: posts a user's ad into the groups that the user is a member of, every so often. */
export const telegram: Module = {
  name: NAME,
  owns,
  app: async () => entry,
  queues: {},
  scheduled: (env, execution) => runCron(createContext(env, execution)),
  health: {},
  configured: (env) => ({ telegram: configuredPart(env) }),
  probe: (env, execution) => probeParts(createContext(env, execution)),
};
