import type { Module } from "../platform/module.ts";
import { createContext } from "./context.ts";
import { app, owns } from "./routes.ts";

export { CompanyHub } from "./events/hub.ts";

// Only request handling is loaded at start-up. Queue and cron code is imported on first use.

/** The email management system. */
export const ems: Module = {
  name: "ems",
  owns,
  app: async () => app,
  queues: {
    "xabar-webhooks": async () => (await import("./queues.ts")).notifications,
    "xabar-webhooks-dead": async () => (await import("./queues.ts")).deadNotifications,
    "xabar-jobs": async () => (await import("./queues.ts")).jobs,
    "xabar-jobs-dead": async () => (await import("./queues.ts")).deadJobs,
  },
  async scheduled(env, execution) {
    const { runCron } = await import("./cron.ts");
    await runCron(createContext(env, execution));
  },
  health: { service: "email_service" },
};
