import * as z from "zod/mini";
import { isEmoji } from "../../lib/emoji.ts";
import { notAChoice } from "../../lib/field-errors.ts";
import { type Infer, lazy } from "../../lib/lazy.ts";
import { emptyText, id, ids } from "../fields.ts";
import { storedFile } from "../media/fields.ts";

export const StoryParam = lazy(() => z.object({ id: id() }));
export const OwnerParam = lazy(() => z.object({ user_id: id() }));

const MAX_CAPTION = 2200;
const MAX_MARKED = 1000;

const audience = lazy(() =>
  z.enum(["public", "contact", "marked"], {
    error: ({ input }) => notAChoice(input),
  }),
);

export const StoryCreate = lazy(() =>
  z.object({
    media: storedFile(),
    caption: z._default(emptyText(MAX_CAPTION), ""),
    audience: z._default(audience(), "public"),
    marked: z._default(ids(MAX_MARKED), []),
  }),
);
export type StoryCreate = Infer<typeof StoryCreate>;

export const StoryUpdate = lazy(() =>
  z.object({
    media: z.optional(z.never("The media of a story cannot be changed.")),
    caption: z.optional(emptyText(MAX_CAPTION)),
    audience: z.optional(audience()),
    marked: z.optional(ids(MAX_MARKED)),
  }),
);
export type StoryUpdate = Infer<typeof StoryUpdate>;

const reaction = lazy(() =>
  z.string("Not a valid string.").check(
    z.minLength(1, "This field may not be blank."),
    z.refine((value) => value === "" || isEmoji(value), "One emoji is required."),
  ),
);

export const ReactionCreate = lazy(() => z.object({ story: id(), reaction: reaction() }));
export type ReactionCreate = Infer<typeof ReactionCreate>;

export const ReactionUpdate = lazy(() => z.object({ reaction: reaction() }));
export type ReactionUpdate = Infer<typeof ReactionUpdate>;

export const ViewCreate = lazy(() => z.object({ story: id(), viewer: z.optional(id()) }));
export type ViewCreate = Infer<typeof ViewCreate>;

/** Whose reactions or views are listed. */
export const OfStoryQuery = lazy(() =>
  z.object({ story: id(), page: z.optional(z.string()), page_size: z.optional(z.string()) }),
);
