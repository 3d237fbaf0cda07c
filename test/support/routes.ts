import type { Hono } from "hono";
import type * as z from "zod/mini";
import { app as front } from "../../src/app.ts";
import { authenticate } from "../../src/ems/middleware.ts";
import { app as ems } from "../../src/ems/routes.ts";
import { answerOf, partOf } from "../../src/platform/validation.ts";

export interface Route {
  method: string;
  path: string;
  /** Registered before authentication: it checks a key of its own. */
  isOpen: boolean;
}

const apps = [front.own, ems];

/** The routes of an app that declare a response. @param door the middleware that requires a token */
export function routesOf(app: Pick<Hono, "routes">, door: unknown = authenticate): Route[] {
  const doorAt = app.routes.findIndex(({ handler }) => handler === door);
  return app.routes.flatMap(({ method, path, handler }, at) =>
    answerOf(handler) ? [{ method, path, isOpen: doorAt === -1 || at < doorAt }] : [],
  );
}

export const routes: Route[] = apps.flatMap((app) => routesOf(app as Pick<Hono, "routes">));

export const guardedRoutes = routes.filter(({ isOpen }) => !isOpen);

/** The page of the web inbox. It is not of the API, so it declares no response. */
const PAGE = "GET /app/*";

/** `METHOD /path` of every route of the API except middleware, declared or not. */
export const registered: string[] = [
  ...new Set(
    apps.flatMap((app) =>
      app.routes.flatMap(({ method, path }) => (method === "ALL" ? [] : [`${method} ${path}`])),
    ),
  ),
].filter((route) => route !== PAGE);

/** The parameters that a route's schemas name, by part of the request. */
export const parametersOf = ({ method, path }: Omit<Route, "isOpen">): Record<string, string[]> =>
  Object.fromEntries(
    apps
      .flatMap(({ routes }) => routes)
      .flatMap((route) =>
        route.method === method && route.path === path ? (partOf(route.handler) ?? []) : [],
      )
      .map(({ target, schema }) => [target, Object.keys((schema() as z.ZodMiniObject).shape)]),
  );

const NAMED: Record<string, string> = { company_id: "1", key: "attachments/1/none" };

/** A rule of a parameter, which may have a quantifier. */
const RULE = String.raw`\{(?:[^{}]|\{[^{}]*\})*\}`;

/** A path without the rules of its parameters. */
export const withoutRules = (path: string): string => path.replace(new RegExp(RULE, "g"), "");

/** Fills a path. Parameters that are not given become ids that do not exist. */
export const fill = (path: string, ids: Record<string, string> = {}): string =>
  withoutRules(path).replace(/:(\w+)/g, (_, name: string) => ids[name] ?? NAMED[name] ?? crypto.randomUUID());

type Pattern = Pick<Route, "method" | "path">;

/** Pairs of routes that one request could match. Modules share one origin and must have none. */
export const sharedBy = (some: Pattern[], others: Pattern[]): string[] =>
  some.flatMap((a) =>
    others.flatMap((b) =>
      a.method === b.method && haveCommonPath(a.path, b.path)
        ? [`${a.method} ${a.path} and ${b.method} ${b.path}`]
        : [],
    ),
  );

/** Whether two Hono patterns overlap. Two parameters with rules count as overlapping. */
function haveCommonPath(a: string, b: string): boolean {
  const [left, right] = [partsOf(a), partsOf(b)];
  const isOpenEnded = [...left, ...right].some((part) => part.includes(".+") || part === "*");
  if (left.length !== right.length && !isOpenEnded) return false;
  return left.slice(0, right.length).every((part, at) => mayBeSame(part, right[at]!));
}

/** Splits a path into segments. A rule may contain slashes. */
const partsOf = (path: string): string[] => path.match(new RegExp(`(?<=/)(?:[^/{]|${RULE})+`, "g")) ?? [];

function mayBeSame(a: string, b: string): boolean {
  const ruleOf = (part: string) => /^:\w+\{(.*)\}$/.exec(part)?.[1];
  const isFree = (part: string) => part === "*" || part.startsWith(":");
  if (isFree(a) && isFree(b)) return true;
  if (!isFree(a) && !isFree(b)) return a === b;
  const [free, fixed] = isFree(a) ? [a, b] : [b, a];
  const rule = ruleOf(free);
  // A rule with slashes also covers the segments after this one.
  return rule === undefined || new RegExp(`^(?:${rule.split("/")[0]})$`).test(fixed);
}
