import * as z from "zod/mini";

/** `id` is the contact's own; `contact` is the person's. */
export const ContactResponse = z.object({
  id: z.int(),
  owner: z.int(),
  contact: z.int(),
  nikname: z.string(),
  created_at: z.string(),
  update_at: z.string(),
});

export const ContactListResponse = z.array(ContactResponse);
