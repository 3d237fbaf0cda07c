import type { Module } from "../platform/module.ts";
import { configuredParts } from "./config.ts";
import { createContext } from "./context.ts";
import { runCron } from "./cron.ts";
import { probeParts } from "./health.ts";
import { readMetrics } from "./metrics.ts";
import { NAME } from "./middleware.ts";
import { changes, deadChanges } from "./queues.ts";
import { app, owns } from "./routes.ts";

export { RateWindow } from "./rate-window.ts";

/** The Email Service API: mailboxes over IMAP, POP3 and SMTP, which the script xabar-mailbox speaks. */
export const emailService: Module = {
  name: NAME,
  owns,
  app: async () => app,
  queues: {
    "xabar-mail": async () => changes,
    "xabar-mail-dead": async () => deadChanges,
  },
  scheduled: (env, execution) => runCron(createContext(env, execution)),
  health: { service: "email_service" },
  configured: configuredParts,
  probe: (env, execution) => probeParts(createContext(env, execution)),
  metrics: (env, execution) => readMetrics(createContext(env, execution)),
};
