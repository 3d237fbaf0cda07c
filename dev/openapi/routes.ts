import type { Hono } from "hono";
import { authenticate, idempotent, limitRate, requireAdmin, withContext } from "../../src/ems/middleware.ts";
import { limitOpen } from "../../src/platform/rate-limit.ts";
import { type Answer, answerOf, partOf, type RequestPart } from "../../src/platform/validation.ts";

/** What the middleware in front of a route's handler does to its requests. */
export interface Guards {
  isAuthenticated: boolean;
  isForAdmins: boolean;
  isLimited: boolean;
  isIdempotent: boolean;
  /** The route reads the database. */
  hasContext: boolean;
}

/** A route as its code declares it. */
export interface Route extends Guards {
  /** `METHOD /path` in Hono's notation. */
  key: string;
  method: string;
  path: string;
  answer: Answer;
  parts: RequestPart[];
}

type Registered = Pick<Hono, "routes">["routes"][number];

/** The routes of an app that declare a response, with what their chain of handlers declares. */
export function routesOf(app: Pick<Hono, "routes">): Route[] {
  return app.routes.flatMap(({ method, path, handler }) => {
    const answer = answerOf(handler);
    if (!answer) return [];
    const chain = chainOf(app.routes, method, path);
    const has = (middleware: object) => chain.some((each) => each === middleware);
    return {
      key: `${method} ${path}`,
      method,
      path,
      answer,
      parts: chain.flatMap((each) => partOf(each) ?? []),
      isAuthenticated: has(authenticate),
      isForAdmins: has(requireAdmin),
      isLimited: has(limitRate) || has(limitOpen),
      isIdempotent: has(idempotent),
      hasContext: has(withContext),
    };
  });
}

/** The handlers that run for a route, in order: its own, and the middleware that was registered before them. */
function chainOf(all: Registered[], method: string, path: string): Registered["handler"][] {
  const isOwn = (route: Registered) => route.method === method && route.path === path;
  const last = all.findLastIndex(isOwn);
  return all
    .slice(0, last + 1)
    .filter((route) => isOwn(route) || (route.method === "ALL" && covers(route.path, path)))
    .map(({ handler }) => handler);
}

/** True if a middleware's path, such as `/*` or `/inbox/*`, has the route's path below it. */
const covers = (pattern: string, path: string): boolean =>
  pattern === "*" ||
  pattern === path ||
  (pattern.endsWith("/*") && `${path}/`.startsWith(pattern.slice(0, -1)));
