import { emailService } from "./email-service/worker.ts";
import { ems } from "./ems/worker.ts";
import { hub } from "./hub/worker.ts";
import { createFront } from "./platform/front.ts";
import { telegram } from "./telegram/worker.ts";

/** The modules of this Worker. The first one answers paths that no module owns. */
export const modules = [ems, emailService, hub, telegram];

export const app = createFront(modules);
