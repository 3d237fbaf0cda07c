import { ems } from "./ems/worker.ts";
import { createFront } from "./platform/front.ts";

/** The modules of this Worker. The first one answers paths that no module owns. */
export const modules = [ems];

export const app = createFront(modules);
