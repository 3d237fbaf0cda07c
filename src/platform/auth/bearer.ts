import { createMiddleware } from "hono/factory";
import { unauthenticated } from "../../lib/errors.ts";

/** The Bearer token of a request (RFC 6750 section 2.1). */
export const bearerToken = (headers: Headers): string | undefined =>
  /^Bearer +(\S+)$/i.exec(headers.get("authorization") ?? "")?.[1];

/**
 * Makes the middleware that requires a Bearer token and sets `c.var.user`.
 * @param verify returns the user of a token, or throws
 * @throws ServiceError unauthenticated without a token
 */
export const bearer = <User>(verify: (token: string, env: Env) => Promise<User>) =>
  createMiddleware<{ Bindings: Env; Variables: { user: User } }>(async (c, next) => {
    const token = bearerToken(c.req.raw.headers);
    if (!token) throw unauthenticated();
    c.set("user", await verify(token, c.env));
    await next();
  });
