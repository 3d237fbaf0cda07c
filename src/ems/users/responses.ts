import * as z from "zod/mini";
import { CompanyListResponse } from "../companies/responses.ts";

export const MeResponse = z.object({
  user_id: z.int(),
  /** The name in the token. */
  name: z.nullable(z.string()),
  role: z.string(),
  companies: CompanyListResponse,
});
export type MeResponse = z.infer<typeof MeResponse>;

export const UserListResponse = z.object({
  items: z.array(
    z.object({
      user_id: z.int(),
      /** The name in the last token that had one. */
      name: z.string(),
      /** Those of the caller's companies that have seen the user. */
      company_ids: z.array(z.int()),
      /** To the day. */
      last_seen_at: z.iso.datetime(),
    }),
  ),
  next_cursor: z.nullable(z.string()),
});
export type UserListResponse = z.infer<typeof UserListResponse>;
