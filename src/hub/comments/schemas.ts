import * as z from "zod/mini";
import { type Infer, lazy } from "../../lib/lazy.ts";
import { text } from "../fields.ts";

export const OpenCommentInput = lazy(() => z.object({ content: text(2000) }));
export type OpenCommentInput = Infer<typeof OpenCommentInput>;
