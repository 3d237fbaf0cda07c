import * as z from "zod/mini";
import { type Infer, lazy } from "../../lib/lazy.ts";
import { rawText } from "../fields.ts";
import { file } from "./fields.ts";

/** What changes; what is absent stays. */
export const ContentWrite = lazy(() =>
  z.object({ text: z.optional(rawText(4096)), image: z.optional(file()), video: z.optional(file()) }),
);
export type ContentWrite = Infer<typeof ContentWrite>;
