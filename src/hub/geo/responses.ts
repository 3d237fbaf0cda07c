import * as z from "zod/mini";

/** Where somebody is. Only its owner gets it. */
export const LocationResponse = z.object({
  id: z.int(),
  owner: z.int(),
  lat: z.string(),
  long: z.string(),
  country: z.nullable(z.string()),
  city: z.nullable(z.string()),
  county: z.nullable(z.string()),
  neighbourhood: z.nullable(z.string()),
  created_at: z.string(),
  update_at: z.string(),
});
export type LocationResponse = z.infer<typeof LocationResponse>;

export const NearbyPerson = z.object({
  id: z.int(),
  first_name: z.string(),
  last_name: z.string(),
  username: z.nullable(z.string()),
  bio: z.string(),
  profile_picture: z.nullable(z.string()),
  /** In kilometres, in steps: 0.5, 1, 2, 3, 5, and 10 to 110 by tens. */
  distance: z.number(),
});
export type NearbyPerson = z.infer<typeof NearbyPerson>;

export const NearbyListResponse = z.array(NearbyPerson);
