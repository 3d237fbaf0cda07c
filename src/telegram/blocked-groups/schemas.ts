import * as z from "zod/mini";
import { wholeNumber } from "../../lib/fields.ts";
import { type Infer, lazy } from "../../lib/lazy.ts";
import { integer, text } from "../fields.ts";

export const BlockedGroupWrite = lazy(() => z.object({ note: text(1000) }));
export type BlockedGroupWrite = Infer<typeof BlockedGroupWrite>;

export const BlockedGroupsQuery = lazy(() =>
  z.object({
    /** Only groups with a larger `peer`. */
    after: z._default(integer(), Number.MIN_SAFE_INTEGER),
    /** 1 to 100. */
    size: z._default(
      z.pipe(wholeNumber(), z.number().check(z.minimum(1, "1 to 100"), z.maximum(100, "1 to 100"))),
      50,
    ),
  }),
);
export type BlockedGroupsQuery = Infer<typeof BlockedGroupsQuery>;
