import { emailService } from "./email-service/worker.ts";
import { ems } from "./ems/worker.ts";
import { hub } from "./hub/worker.ts";
import { createFront } from "./platform/front.ts";

/** The modules of this Worker. The first one answers paths that no module owns. */
export const modules = [ems, emailService, hub];

export const app = createFront(modules);
