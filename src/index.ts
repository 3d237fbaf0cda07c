import { app } from "./app.ts";
import { queues, scheduled } from "./ems/index.ts";

export { CompanyHub } from "./ems/index.ts";

export default {
  fetch: app.fetch,
  scheduled,
  queue: (batch, env, ctx) => queues[batch.queue]?.(batch, env, ctx),
} satisfies ExportedHandler<Env>;
