import * as z from "zod/mini";
import { type Infer, lazy } from "../../lib/lazy.ts";
import { objectId, page } from "../schemas.ts";

export const FolderParam = lazy(() => z.object({ accountId: objectId(), folderId: objectId() }));

export const MessagesQuery = lazy(() =>
  z.object({
    ...page(50, 500),
    sort: z._default(
      z.enum(["receivedAt:asc", "receivedAt:desc", "from:asc", "from:desc"]),
      "receivedAt:desc",
    ),
    filter: z._default(z.enum(["all", "read", "unread"]), "all"),
  }),
);
export type MessagesQuery = Infer<typeof MessagesQuery>;
