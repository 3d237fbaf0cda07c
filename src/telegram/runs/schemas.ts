import * as z from "zod/mini";
import { wholeNumber } from "../../lib/fields.ts";
import { lazy } from "../../lib/lazy.ts";

const DEFAULT_SIZE = 20;
const MAX_SIZE = 100;

export const RunsQuery = lazy(() =>
  z.object({
    /** An id of a run: only older ones. */
    before: z.optional(wholeNumber()),
    size: z._default(
      z.pipe(
        wholeNumber(),
        z
          .number()
          .check(
            z.minimum(1, "Ensure this value is greater than or equal to 1."),
            z.maximum(MAX_SIZE, `Ensure this value is less than or equal to ${MAX_SIZE}.`),
          ),
      ),
      DEFAULT_SIZE,
    ),
  }),
);

export const RunParam = lazy(() => z.object({ telegramId: z.string(), run: wholeNumber() }));
