import * as z from "zod/mini";
import { type Infer, lazy } from "../../lib/lazy.ts";
import { emptyText, flag, text, uuid } from "../fields.ts";
import { storedFile } from "../media/fields.ts";

export const IdParam = lazy(() => z.object({ id: uuid() }));
export const PostParam = lazy(() => z.object({ post_id: uuid() }));

export const MAX_IMAGES = 10;
export const EMPTY_POST = "A post needs content or an image.";

/** One file, a list of them, or nothing. */
const images = lazy(() =>
  z.pipe(
    z.pipe(
      z.unknown(),
      z.transform((value) => (value === "" ? [] : [value].flat())),
    ),
    z.array(storedFile()).check(z.maxLength(MAX_IMAGES, `At most ${MAX_IMAGES} files.`)),
  ),
);

const content = () => emptyText(10_000);

/** The condition that something is left of a post whose content and images are given. */
const notEmpty = () =>
  z.refine<{ content?: string | undefined; images?: unknown[] | undefined }>(
    ({ content, images }) => content !== "" || images?.length !== 0,
    { path: ["content"], message: EMPTY_POST },
  );

export const PostCreate = lazy(() =>
  z.object({ content: z._default(content(), ""), images: z._default(images(), []) }).check(notEmpty()),
);
export type PostCreate = Infer<typeof PostCreate>;

export const PostUpdate = lazy(() =>
  z
    .object({ content: z.optional(content()), images: z.optional(images()), is_active: z.optional(flag()) })
    .check(notEmpty()),
);
export type PostUpdate = Infer<typeof PostUpdate>;

/** What a like or a view is of. */
export const Marked = lazy(() => z.object({ post: uuid() }));

const comment = () => text(2_000);

/** A form says nothing by an empty text. */
const replyTo = lazy(() =>
  z.pipe(
    z.pipe(
      z.unknown(),
      z.transform((value) => (value === "" || value === undefined ? null : value)),
    ),
    z.nullable(uuid()),
  ),
);

export const CommentCreate = lazy(() =>
  z.object({ post: uuid(), comment: comment(), reply_to: z._default(z.optional(replyTo()), null) }),
);
export type CommentCreate = Infer<typeof CommentCreate>;

export const CommentUpdate = lazy(() => z.object({ comment: comment() }));
export type CommentUpdate = Infer<typeof CommentUpdate>;
