import * as z from "zod/mini";
import { MAX_ADDRESS } from "../../lib/address.ts";
import { headerText, uuid, wholeNumber } from "../../lib/fields.ts";
import { type Infer, lazy } from "../../lib/lazy.ts";

const MAX_SIZE = 20;

export const ContactsQuery = lazy(() =>
  z.object({
    /** What an address begins with, in either case. */
    q: headerText(MAX_ADDRESS).check(z.trim(), z.minLength(1, "must not be empty")),
    account_id: z.optional(uuid()),
    size: z._default(
      z.pipe(
        wholeNumber(),
        z.int().check(z.minimum(1, "must be at least 1"), z.maximum(MAX_SIZE, `must be at most ${MAX_SIZE}`)),
      ),
      8,
    ),
  }),
);
export type ContactsQuery = Infer<typeof ContactsQuery>;
