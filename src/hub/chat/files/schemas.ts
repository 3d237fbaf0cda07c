import * as z from "zod/mini";
import { notAChoice } from "../../../lib/field-errors.ts";
import { type Infer, lazy } from "../../../lib/lazy.ts";
import { id } from "../../fields.ts";
import { storedFile } from "../../media/fields.ts";

export const FileParam = lazy(() => z.object({ id: id() }));

export const FileUpload = lazy(() =>
  z.object({
    file: storedFile(),
    file_type: z.optional(
      z.enum(["image", "video", "voice", "document", "other"], {
        error: ({ input }) => notAChoice(input),
      }),
    ),
  }),
);
export type FileUpload = Infer<typeof FileUpload>;
