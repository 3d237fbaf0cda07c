import * as z from "zod/mini";
import { lazy } from "../../lib/lazy.ts";
import type { Media } from "../../telegram-account/contract.ts";

/** A file of a form that lies in R2. */
export class StoredFile {
  readonly media: Media;

  constructor(media: Media) {
    this.media = media;
  }
}

/**
 * A file of multipart/form-data; null, or the empty text of a form, removes what is there. Security: only `storeMedia` makes
 * such a file. What JSON says would name a file of somebody else.
 */
export const file = lazy(() =>
  z.pipe(
    z.custom<StoredFile | null | "">(
      (value) => value === null || value === "" || value instanceof StoredFile,
      "The submitted data was not a file. Check the encoding type on the form.",
    ),
    z.transform((value) => (value ? value.media : null)),
  ),
);
