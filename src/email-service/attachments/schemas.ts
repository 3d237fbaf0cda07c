import * as z from "zod/mini";
import { lazy } from "../../lib/lazy.ts";
import { accountId, objectId } from "../schemas.ts";

export const AttachmentParam = lazy(() => z.object({ accountId: accountId(), attachmentId: objectId() }));
