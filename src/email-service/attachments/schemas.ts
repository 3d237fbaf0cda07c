import * as z from "zod/mini";
import { lazy } from "../../lib/lazy.ts";
import { objectId } from "../schemas.ts";

export const AttachmentParam = lazy(() => z.object({ accountId: objectId(), attachmentId: objectId() }));
