import { createMiddleware } from "hono/factory";
import { unauthenticated } from "../../lib/errors.ts";

/**
 * Makes the middleware that requires a Bearer token and sets `c.var.user`.
 * @param verify returns the user of a token, or throws
 * @throws ServiceError unauthenticated without a token
 */
export const bearer = <User>(verify: (token: string, env: Env) => Promise<User>) =>
  createMiddleware<{ Bindings: Env; Variables: { user: User } }>(async (c, next) => {
    const token = /^Bearer +(\S+)$/i.exec(c.req.header("authorization") ?? "")?.[1];
    if (!token) throw unauthenticated();
    c.set("user", await verify(token, c.env));
    await next();
  });
