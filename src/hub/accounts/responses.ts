import * as z from "zod/mini";

/** Times are in UTC. */
export const ProfileResponse = z.object({
  id: z.int(),
  first_name: z.string(),
  last_name: z.string(),
  email: z.string(),
  /** Null until it is chosen. */
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
  location: z.nullable(
    z.object({
      id: z.int(),
      lat: z.string(),
      long: z.string(),
      country: z.nullable(z.string()),
      city: z.nullable(z.string()),
      county: z.nullable(z.string()),
      neighbourhood: z.nullable(z.string()),
      created_at: z.string(),
      update_at: z.string(),
    }),
  ),
  status: z.nullable(
    z.object({
      id: z.int(),
      content: z.string(),
      created_at: z.string(),
      updated_at: z.string(),
    }),
  ),
});
export type ProfileResponse = z.infer<typeof ProfileResponse>;

export const UsernameResponse = z.object({ available: z.boolean() });
export type UsernameResponse = z.infer<typeof UsernameResponse>;

export const AccountMessageResponse = z.object({ message: z.string() });
export type AccountMessageResponse = z.infer<typeof AccountMessageResponse>;
