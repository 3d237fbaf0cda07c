import * as z from "zod/mini";
import { uuid, wholeNumber } from "../../lib/fields.ts";
import { lazy } from "../../lib/lazy.ts";

export const AttachmentParam = lazy(() => z.object({ attachment_id: uuid() }));

export const AttachmentsParam = lazy(() => z.object({ message_id: uuid() }));

export const UploadQuery = lazy(() => z.object({ company_id: z.optional(wholeNumber()) }));
