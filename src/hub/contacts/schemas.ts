import * as z from "zod/mini";
import { type Infer, lazy } from "../../lib/lazy.ts";
import { emptyText, id } from "../fields.ts";

const MAX_NICKNAME = 150;

export const ContactParam = lazy(() => z.object({ pk: id() }));

export const ContactCreate = lazy(() =>
  z.object({ contact: id(), nikname: z._default(emptyText(MAX_NICKNAME), "") }),
);
export type ContactCreate = Infer<typeof ContactCreate>;

/** A nickname that is left out stays. */
export const ContactUpdate = lazy(() =>
  z.object({ contact: id(), nikname: z.optional(emptyText(MAX_NICKNAME)) }),
);

export const ContactPatch = lazy(() =>
  z.object({ contact: z.optional(id()), nikname: z.optional(emptyText(MAX_NICKNAME)) }),
);
export type ContactPatch = Infer<typeof ContactPatch>;
