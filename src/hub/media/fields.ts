import * as z from "zod/mini";
import { lazy } from "../../lib/lazy.ts";
import { StoredFile } from "./store.ts";

/** A file that has been stored. Security: a class, so that no JSON can pretend to be one. */
export const storedFile = lazy(() =>
  z.instanceof(StoredFile, {
    error: "The submitted data was not a file. Check the encoding type on the form.",
  }),
);
