import * as z from "zod/mini";
import { notAChoice } from "../../../lib/field-errors.ts";
import { type Infer, lazy } from "../../../lib/lazy.ts";
import { emptyText, ids, nothing, text } from "../../fields.ts";
import { storedFile } from "../../media/fields.ts";

/** Ids of members that a new room takes. */
const MAX_MEMBERS = 100;
const MAX_NAME = 100;
const MAX_DESCRIPTION = 1000;

const isNothing = (value: unknown): boolean => value === undefined || value === null || value === "";

/** What a private chat does not have. */
const absent = lazy(() =>
  z.pipe(
    z.optional(z.unknown()).check(z.refine(isNothing, "A private chat has none.")),
    z.transform(() => undefined),
  ),
);

const name = () => text(MAX_NAME);

/** Parsed to lower case. Nothing removes it. */
const username = lazy(() =>
  z.union(
    [
      nothing(),
      z.pipe(
        z.pipe(
          z.string(),
          z.transform((value) => value.trim().toLowerCase()),
        ),
        z.string().check(z.regex(/^[a-z0-9_]{3,32}$/)),
      ),
    ],
    "Enter a valid username: 3 to 32 letters of a-z, digits and underscores.",
  ),
);

/** Nothing removes it. */
const description = lazy(() =>
  z.pipe(
    z.union([z.null(), emptyText(MAX_DESCRIPTION)], {
      error: `Ensure this field is a text of no more than ${MAX_DESCRIPTION} characters.`,
    }),
    z.transform((value) => value || null),
  ),
);

/** Nothing removes it. */
const picture = lazy(() =>
  z.union(
    [nothing(), storedFile()],
    "The submitted data was not a file. Check the encoding type on the form.",
  ),
);

const PrivateCreate = lazy(() =>
  z.object({
    room_type: z.literal("private"),
    members: ids(MAX_MEMBERS),
    name: absent(),
    username: absent(),
    description: absent(),
    profile_pic: absent(),
  }),
);

const GroupCreate = lazy(() =>
  z.object({
    room_type: z.literal("group"),
    members: z._default(ids(MAX_MEMBERS), []),
    name: name(),
    username: z._default(username(), null),
    description: z._default(description(), null),
    profile_pic: z._default(picture(), null),
  }),
);
export type GroupCreate = Infer<typeof GroupCreate>;

export const RoomCreate = lazy(() =>
  z.discriminatedUnion("room_type", [PrivateCreate(), GroupCreate()], {
    error: ({ input }) => notAChoice((input as { room_type?: unknown } | undefined)?.room_type),
  }),
);
export type RoomCreate = Infer<typeof RoomCreate>;

/** What is left out stays. */
export const RoomUpdate = lazy(() =>
  z.object({
    name: z.optional(name()),
    username: z.optional(username()),
    description: z.optional(description()),
    profile_pic: z.optional(picture()),
  }),
);
export type RoomUpdate = Infer<typeof RoomUpdate>;
