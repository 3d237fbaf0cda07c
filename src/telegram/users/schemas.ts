import * as z from "zod/mini";
import { wholeNumber } from "../../lib/fields.ts";
import { type Infer, lazy } from "../../lib/lazy.ts";
import { choice, day, pageSize, phone, text } from "../fields.ts";

export const UserWrite = lazy(() =>
  z.object({
    phone: z.pipe(phone(), z.number("Enter a valid phone number.")),
    first_name: text(64),
    /** 0 Russian, 1 Uzbek in Latin, 2 Uzbek in Cyrillic letters. */
    lang: choice(0, 1, 2),
  }),
);
export type UserWrite = Infer<typeof UserWrite>;

/** The last day of each subscription; null for none. */
export const SubscriptionWrite = lazy(() =>
  z.object({ sender_ends_at: z.nullable(day()), finder_ends_at: z.nullable(day()) }),
);
export type SubscriptionWrite = Infer<typeof SubscriptionWrite>;

export const UsersQuery = lazy(() =>
  z.object({
    /** Only users with a larger id. */
    after: z._default(wholeNumber(), 0),
    size: pageSize(50),
  }),
);
export type UsersQuery = Infer<typeof UsersQuery>;
