import type { Module } from "../platform/module.ts";
import { configuredParts } from "./config.ts";
import { createContext } from "./context.ts";
import { runCron } from "./cron.ts";
import { probeParts } from "./health.ts";
import { readMetrics } from "./metrics.ts";
import { deadJobs, deadNotifications, jobs, notifications } from "./queues.ts";
import { owns, serve } from "./routes.ts";

export { CompanyHub } from "./hub.ts";

/** The email management system. */
export const ems: Module = {
  name: "ems",
  owns,
  app: async () => ({ fetch: serve }),
  queues: {
    "xabar-webhooks": async () => notifications,
    "xabar-webhooks-dead": async () => deadNotifications,
    "xabar-jobs": async () => jobs,
    "xabar-jobs-dead": async () => deadJobs,
  },
  async scheduled(env, execution) {
    await runCron(createContext(env, execution));
  },
  health: { service: "email_service" },
  configured: configuredParts,
  probe: (env, execution) => probeParts(createContext(env, execution)),
  metrics: (env, execution) => readMetrics(createContext(env, execution)),
};
