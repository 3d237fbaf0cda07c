import * as z from "zod/mini";
import { type Infer, lazy } from "../../lib/lazy.ts";
import { integer, pageSize, text } from "../fields.ts";

export const BlockedGroupWrite = lazy(() => z.object({ note: text(1000) }));
export type BlockedGroupWrite = Infer<typeof BlockedGroupWrite>;

export const BlockedGroupsQuery = lazy(() =>
  z.object({
    /** Only groups with a larger `peer`. */
    after: z._default(integer(), Number.MIN_SAFE_INTEGER),
    size: pageSize(50),
  }),
);
export type BlockedGroupsQuery = Infer<typeof BlockedGroupsQuery>;
