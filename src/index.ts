import { app } from "./app.ts";
import { queue, scheduled } from "./ems/index.ts";

export { CompanyHub } from "./ems/index.ts";

export default { fetch: app.fetch, scheduled, queue } satisfies ExportedHandler<Env>;
