import { app } from "./app.ts";
import { consumerOf, scheduled } from "./ems/index.ts";

export { CompanyHub } from "./ems/index.ts";

export default {
  fetch: app.fetch,
  scheduled,
  queue: (batch, env, ctx) => consumerOf(batch.queue)(batch, env, ctx),
} satisfies ExportedHandler<Env>;
