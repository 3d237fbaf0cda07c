import * as z from "zod/mini";
import { uuid } from "../../lib/fields.ts";
import { type Infer, lazy } from "../../lib/lazy.ts";
import { StateUpdate } from "../inbox/schemas.ts";
import { cursorQuery } from "../lists/pagination.ts";

export const VIEWS = ["inbox", "starred", "archived", "sent", "drafts", "junk", "trash", "all"] as const;

export const ConversationsQuery = lazy(() =>
  z.object({
    ...cursorQuery(),
    view: z._default(z.enum(VIEWS, `must be one of ${VIEWS.join(", ")}`), "inbox"),
    account_id: z.optional(uuid()),
    thread_id: z.optional(uuid()),
    /** Narrows the view to its unread messages. */
    is_read: z.optional(z.literal("false", "must be false")),
  }),
);
export type ConversationsQuery = Infer<typeof ConversationsQuery>;

export type ConversationUpdate = Infer<typeof StateUpdate>;

const MAX_CONVERSATIONS = 100;

export const ConversationsUpdate = lazy(() =>
  z.object({
    thread_ids: z
      .array(uuid())
      .check(
        z.minLength(1, "at least one id"),
        z.maxLength(MAX_CONVERSATIONS, `at most ${MAX_CONVERSATIONS} ids`),
      ),
    changes: StateUpdate(),
  }),
);
