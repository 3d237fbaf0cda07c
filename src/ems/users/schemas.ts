import * as z from "zod/mini";
import { wholeNumber } from "../../lib/fields.ts";
import { type Infer, lazy } from "../../lib/lazy.ts";
import { cursorQuery } from "../lists/pagination.ts";

export const UsersQuery = lazy(() => z.object({ ...cursorQuery(), company_id: z.optional(wholeNumber()) }));
export type UsersQuery = Infer<typeof UsersQuery>;
