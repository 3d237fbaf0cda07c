import * as z from "zod/mini";
import { flag, uuid } from "../../lib/fields.ts";
import { type Infer, lazy } from "../../lib/lazy.ts";
import { folder } from "../folders.ts";
import { pageQuery } from "../lists/pagination.ts";

export const InboxParam = lazy(() => z.object({ inbox_id: uuid() }));

export const InboxQuery = lazy(() =>
  z.object({
    ...pageQuery(),
    is_read: z.optional(flag()),
    is_starred: z.optional(flag()),
    /** Absent means false: archived messages are left out. */
    is_archived: z.optional(flag()),
    account_id: z.optional(uuid()),
    thread_id: z.optional(uuid()),
    folder: folder(),
  }),
);
export type InboxQuery = Infer<typeof InboxQuery>;

/** The contract's route toggles the star. This optional body sets it instead, so that a retry changes nothing. */
export const StarRequest = lazy(() => z.object({ is_starred: z.optional(z.boolean()) }));

/** The changes to the caller's state of messages: at least one. */
export const StateUpdate = lazy(() =>
  z
    .object({
      is_read: z.optional(z.boolean()),
      is_starred: z.optional(z.boolean()),
      is_archived: z.optional(z.boolean()),
    })
    .check(
      z.refine(
        (changes) => Object.values(changes).some((value) => value !== undefined),
        "must name is_read, is_starred or is_archived",
      ),
    ),
);

const MAX_ENTRIES = 100;

export const EntriesUpdate = lazy(() =>
  z.object({
    ids: z
      .array(uuid())
      .check(z.minLength(1, "at least one id"), z.maxLength(MAX_ENTRIES, `at most ${MAX_ENTRIES} ids`)),
    changes: StateUpdate(),
  }),
);
export type EntriesUpdate = Infer<typeof EntriesUpdate>;
