import * as z from "zod/mini";
import { headerText } from "../../lib/fields.ts";
import { type Infer, lazy } from "../../lib/lazy.ts";
import { objectId } from "../schemas.ts";

export const MessageParam = lazy(() => z.object({ accountId: objectId(), messageId: objectId() }));

const MAX_LABELS = 100;

export const MessageUpdate = lazy(() =>
  z.object({
    isRead: z.optional(z.boolean()),
    isStarred: z.optional(z.boolean()),
    isSpam: z.optional(z.boolean()),
    /** The whole set. */
    labels: z.optional(
      z
        .array(headerText(100).check(z.minLength(1, "must not be empty")))
        .check(z.maxLength(MAX_LABELS, `at most ${MAX_LABELS} labels`)),
    ),
  }),
);
export type MessageUpdate = Infer<typeof MessageUpdate>;
