import { env } from "cloudflare:workers";
import { type Ctx, createContext, ofCompanies, type UserCtx } from "../../src/ems/context.ts";

/** The context of a verb that works on the rows of these companies. @param on the Worker's environment */
export const contextOf = (companies: number[], on: Env = env): Ctx =>
  ofCompanies(createContext(on, { waitUntil: () => {} }), companies);

/** The context of a verb that a user calls. */
export const userContextOf = (
  user: { user_id: number; companies: number[]; role?: string; exp?: number },
  on: Env = env,
): UserCtx => ({
  ...contextOf(user.companies, on),
  user: { role: "member", exp: 0, name: null, ...user },
  origin: "https://xabar.test",
});
