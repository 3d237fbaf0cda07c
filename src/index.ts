import { app } from "./app.ts";
import { queues } from "./ems/index.ts";

export { CompanyHub } from "./ems/index.ts";

export default {
  fetch: app.fetch,
  queue: (batch, env, ctx) => queues[batch.queue]?.(batch, env, ctx),
} satisfies ExportedHandler<Env>;
