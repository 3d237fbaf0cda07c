import type { Module } from "../platform/module.ts";
import { configuredParts, NAME } from "./config.ts";
import { createContext } from "./context.ts";
import { runCron } from "./cron.ts";
import { probeParts } from "./health.ts";
import { deadJobs, jobs } from "./queues.ts";
import { app, owns } from "./routes.ts";

export { ChatRoom } from "./chat/room/room.ts";

/** UzbekHub: accounts, posts, stories, comments and chat. */
export const hub: Module = {
  name: NAME,
  owns,
  app: async () => app(),
  queues: {
    "xabar-hub": async () => jobs,
    "xabar-hub-dead": async () => deadJobs,
  },
  scheduled: (env, execution) => runCron(createContext(env, execution)),
  health: {},
  configured: configuredParts,
  probe: (env, execution) => probeParts(createContext(env, execution)),
};
