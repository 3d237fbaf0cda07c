import * as z from "zod/mini";
import { lazy } from "../../lib/lazy.ts";
import { id } from "../fields.ts";

export const KeyParam = lazy(() => z.object({ key: z.string() }));
export const PersonParam = lazy(() => z.object({ pk: id() }));
export const UsernameParam = lazy(() => z.object({ username: z.string() }));
