import * as z from "zod/mini";
import { uuid } from "../../lib/fields.ts";
import { type Infer, lazy } from "../../lib/lazy.ts";
import { folder } from "../folders.ts";
import { pageQuery } from "../lists/pagination.ts";

export const ThreadParam = lazy(() => z.object({ thread_id: uuid() }));

export const ThreadsQuery = lazy(() =>
  z.object({ ...pageQuery(), account_id: z.optional(uuid()), folder: folder() }),
);
export type ThreadsQuery = Infer<typeof ThreadsQuery>;

export const ThreadQuery = lazy(() => z.object({ folder: folder() }));

export const ThreadUpdate = lazy(() => z.object({ do_not_delete: z.optional(z.boolean()) }));
export type ThreadUpdate = Infer<typeof ThreadUpdate>;
