import * as z from "zod/mini";
import { forbidden } from "../lib/errors.ts";
import { type Infer, lazy } from "../lib/lazy.ts";
import { oneLine } from "../lib/line.ts";
import { verifyToken } from "../platform/auth/token.ts";
import { note, noteCompanies } from "../platform/work.ts";
import type { Config } from "./config.ts";

/** In UTF-16 units. The rest of a longer name is cut off. */
const MAX_NAME = 200;

/** The claims of an EMS token. */
const Claims = lazy(() =>
  z.object({
    user_id: z.int(),
    role: z.string(),
    companies: z.pipe(
      z.array(z.int()),
      z.transform((ids) => [...new Set(ids)]),
    ),
    /** For colleagues to read. No name, however odd, refuses a token: what is not a text counts as absent. */
    name: z.pipe(
      z.optional(z.unknown()),
      z.transform((name) => (typeof name === "string" && oneLine(name, MAX_NAME)) || null),
    ),
    /** Seconds since the epoch. */
    exp: z.number(),
  }),
);

/** The caller: the claims of a verified token. */
export type CurrentUser = Infer<typeof Claims>;

/** Verifies a token, and notes its user for the log. @throws what `verifyToken` throws */
export const verifyUser = async (token: string, config: Config): Promise<CurrentUser> =>
  noteUser(await verifyToken(token, config, Claims));

/** Notes the caller for the log. @returns the same user */
export function noteUser(user: CurrentUser): CurrentUser {
  note({ user: user.user_id });
  noteCompanies(user.companies);
  return user;
}

/** Requires a role. @throws ServiceError forbidden for another role */
export function checkRole(user: CurrentUser, role: string): void {
  if (user.role !== role) throw forbidden(`This needs the role "${role}"`);
}
