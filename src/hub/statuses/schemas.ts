import * as z from "zod/mini";
import { lazy } from "../../lib/lazy.ts";
import { text } from "../fields.ts";

const MAX_LENGTH = 55;

/** An emoji is one character here, and two units of UTF-16. */
export const StatusBody = lazy(() =>
  z.object({
    content: text(MAX_LENGTH * 2).check(
      z.refine(
        (content) => [...content].length <= MAX_LENGTH,
        `Ensure this field has no more than ${MAX_LENGTH} characters.`,
      ),
    ),
  }),
);
