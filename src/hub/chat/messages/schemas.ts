import * as z from "zod/mini";
import { lazy } from "../../../lib/lazy.ts";
import { uuid } from "../../fields.ts";
import { filledText } from "../fields.ts";

/** How far back `offset` goes: what is skipped is read, too. */
export const MAX_OFFSET = 10_000;
const DEFAULT_LIMIT = 50;
const MAX_LIMIT = 100;

/** As Django REST framework does: what is no number counts as left out, and a larger limit is the largest. */
const number = (from: number, most: number, otherwise: number) =>
  z.pipe(
    z.optional(z.string()),
    z.transform((text) =>
      text !== undefined && /^\d{1,9}$/.test(text) && Number(text) >= from
        ? Math.min(Number(text), most)
        : otherwise,
    ),
  );

export const HistoryQuery = lazy(() =>
  z.object({
    limit: number(1, MAX_LIMIT, DEFAULT_LIMIT),
    offset: z
      .pipe(number(0, Number.MAX_SAFE_INTEGER, 0), z.number())
      .check(z.maximum(MAX_OFFSET, `Ensure this value is less than or equal to ${MAX_OFFSET}; use before.`)),
    before: z._default(z.nullable(uuid()), null),
  }),
);

/** A frame calls the text `message`, the history `text`: both are taken. */
export const MessageUpdate = lazy(() =>
  z.union([
    z.object({ text: filledText() }),
    z.pipe(
      z.object({ message: filledText() }),
      z.transform(({ message }) => ({ text: message })),
    ),
  ]),
);
