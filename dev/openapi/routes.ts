import type { Hono } from "hono";
import { type Answer, answerOf, partOf, type RequestPart } from "../../src/platform/validation.ts";

/** The middleware of an API, by what it does. */
export interface Middleware {
  authenticate: object;
  requireAdmin?: object;
  limits: object[];
  idempotent: object;
  withContext: object;
}

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
export function routesOf(app: Pick<Hono, "routes">, middleware: Middleware): Route[] {
  return app.routes.flatMap(({ method, path, handler }) => {
    const answer = answerOf(handler);
    if (!answer) return [];
    const chain = chainOf(app.routes, method, path);
    const has = (handler: object | undefined) => chain.some((each) => each === handler);
    return {
      key: `${method} ${path}`,
      method,
      path,
      answer,
      parts: chain.flatMap((each) => partOf(each) ?? []),
      isAuthenticated: has(middleware.authenticate),
      isForAdmins: has(middleware.requireAdmin),
      isLimited: middleware.limits.some(has),
      isIdempotent: has(middleware.idempotent),
      hasContext: has(middleware.withContext),
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

/** True if a middleware's path, such as `/*` or `/inbox/:id/*`, has the route's path below it. */
function covers(pattern: string, path: string): boolean {
  if (pattern === "*" || pattern === path) return true;
  const parts = pattern.split("/");
  const own = path.split("/");
  return (
    parts.at(-1) === "*" &&
    parts.length <= own.length + 1 &&
    parts
      .slice(0, -1)
      .every((part, at) => part === own[at] || (part.startsWith(":") && own[at] !== undefined))
  );
}
