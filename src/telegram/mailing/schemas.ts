import * as z from "zod/mini";
import { type Infer, lazy } from "../../lib/lazy.ts";
import { duration } from "../fields.ts";

/** How often and for how long is posted. Parsed to seconds. */
export const Interval = lazy(() => z.object({ frequency: duration(), duration: duration() }));

export type Interval = Infer<typeof Interval>;
