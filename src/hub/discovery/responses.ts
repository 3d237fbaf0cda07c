import * as z from "zod/mini";

/** What the viewer may not see is null, false or empty. */
export const PersonResponse = z.object({
  id: z.int(),
  first_name: z.string(),
  last_name: z.string(),
  username: z.nullable(z.string()),
  bio: z.string(),
  profile_picture: z.nullable(z.string()),
  phone: z.nullable(z.string()),
  is_private: z.boolean(),
  is_active: z.boolean(),
  is_staff: z.boolean(),
  date_joined: z.string(),
  last_login: z.nullable(z.string()),
  last_online: z.nullable(z.string()),
});

export const PersonListResponse = z.array(PersonResponse);

export const PublicProfileResponse = z.object({
  id: z.int(),
  first_name: z.string(),
  last_name: z.string(),
  username: z.nullable(z.string()),
  bio: z.string(),
  profile_picture: z.nullable(z.string()),
  is_private: z.boolean(),
  date_joined: z.string(),
});
