import * as z from "zod/mini";
import { wholeNumber } from "../../lib/fields.ts";
import { lazy } from "../../lib/lazy.ts";
import { pageSize } from "../fields.ts";

export const RunsQuery = lazy(() =>
  z.object({
    /** An id of a run: only older ones. */
    before: z.optional(wholeNumber()),
    size: pageSize(20),
  }),
);

export const RunParam = lazy(() => z.object({ telegramId: z.string(), run: wholeNumber() }));
