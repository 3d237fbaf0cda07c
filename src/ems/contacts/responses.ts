import * as z from "zod/mini";

export const ContactListResponse = z.object({
  items: z.array(
    z.object({
      /** The newest that the address is known by. */
      name: z.nullable(z.string()),
      /** In lower case. */
      email: z.string(),
    }),
  ),
});
export type ContactListResponse = z.infer<typeof ContactListResponse>;
