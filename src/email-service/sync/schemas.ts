import * as z from "zod/mini";
import { type Infer, lazy } from "../../lib/lazy.ts";
import { objectId } from "../schemas.ts";

export const SyncStart = lazy(() =>
  z.object({
    /** True to look at everything again. */
    force: z._default(z.boolean(), false),
    /** Ids of folders; none for all. */
    folders: z._default(z.array(objectId()).check(z.maxLength(1000, "at most 1000 folders")), []),
  }),
);
export type SyncStart = Infer<typeof SyncStart>;

export const TaskParam = lazy(() => z.object({ taskId: z.string() }));
