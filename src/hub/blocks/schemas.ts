import * as z from "zod/mini";
import { lazy } from "../../lib/lazy.ts";
import { id } from "../fields.ts";

export const BlockParam = lazy(() => z.object({ pk: id() }));
export const BlockCreate = lazy(() => z.object({ blocked_user: id() }));
