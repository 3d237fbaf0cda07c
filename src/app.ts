import { ems } from "./ems/worker.ts";
import { createFront } from "./platform/front.ts";

/** Every module of this Worker. The first one answers what no module owns. */
export const modules = [ems];

export const app = createFront(modules);
