import * as z from "zod/mini";
import { uuid } from "../../lib/fields.ts";
import { type Infer, lazy } from "../../lib/lazy.ts";
import { folder } from "../folders.ts";
import { pageQuery } from "../lists/pagination.ts";

export const MessageParam = lazy(() => z.object({ message_id: uuid() }));

export const MessagesQuery = lazy(() =>
  z.object({
    ...pageQuery(),
    account_id: z.optional(uuid()),
    thread_id: z.optional(uuid()),
    folder: folder(),
  }),
);
export type MessagesQuery = Infer<typeof MessagesQuery>;

export const HtmlQuery = lazy(() =>
  z.object({ images: z.optional(z.enum(["1", "0"], 'must be "1" or "0"')) }),
);
