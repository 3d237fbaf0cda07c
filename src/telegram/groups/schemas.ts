import * as z from "zod/mini";
import { lazy } from "../../lib/lazy.ts";
import { integers } from "../fields.ts";

const MOST_EXCLUDED = 5000;

export const Excluded = lazy(() => z.object({ ids: integers(MOST_EXCLUDED) }));
