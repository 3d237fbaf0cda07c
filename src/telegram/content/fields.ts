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

/** A file of multipart/form-data. Security: only `storeMedia` makes one. What JSON says would name somebody else's. */
export const sentFile = lazy(() =>
  z.instanceof(StoredFile, {
    error: "The submitted data was not a file. Check the encoding type on the form.",
  }),
);

/** A file; null, or the empty text of a form, removes what is there. */
export const file = lazy(() =>
  z.union(
    [
      z.pipe(
        z.literal([null, ""]),
        z.transform(() => null),
      ),
      z.pipe(
        sentFile(),
        z.transform(({ media }) => media),
      ),
    ],
    "The submitted data was not a file. Check the encoding type on the form.",
  ),
);
