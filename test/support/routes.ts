import type { Hono } from "hono";
import { app as front } from "../../src/app.ts";
import { authenticate } from "../../src/ems/middleware.ts";
import { app as ems } from "../../src/ems/routes.ts";
import { type Answer, answerOf } from "../../src/platform/validation.ts";

export interface Route {
  method: string;
  path: string;
  /** Registered before authentication, so that it has to check a key of its own. */
  isOpen: boolean;
}

const apps = [front.own, ems];

/** The routes of an app that declare an answer. */
export function routesOf(app: Pick<Hono, "routes">): Route[] {
  const doorAt = app.routes.findIndex(({ handler }) => handler === authenticate);
  return app.routes.flatMap(({ method, path, handler }, at) =>
    answerOf(handler) ? [{ method, path, isOpen: doorAt === -1 || at < doorAt }] : [],
  );
}

export const routes: Route[] = apps.flatMap((app) => routesOf(app as Pick<Hono, "routes">));

export const guardedRoutes = routes.filter(({ isOpen }) => !isOpen);

/** `METHOD /path` of all that is answered, middleware apart, whether it declares an answer or not. */
export const registered: string[] = [
  ...new Set(
    apps.flatMap((app) =>
      app.routes.flatMap(({ method, path }) => (method === "ALL" ? [] : [`${method} ${path}`])),
    ),
  ),
];

/** What the route of a request declares that it answers. */
export function declaredAnswer(method: string, path: string): Answer | undefined {
  for (const { router } of apps) {
    for (const [[handler]] of router.match(method, path.replace(/(.)\/$/, "$1"))[0]) {
      const declared = answerOf(handler);
      if (declared) return declared;
    }
  }
  return undefined;
}

const NAMED: Record<string, string> = { company_id: "1", key: "attachments/1/none" };

/** A path with something that does not exist in place of each parameter that is not given. */
export const fill = (path: string, ids: Record<string, string> = {}): string =>
  path.replace(/:(\w+)(\{[^}]*\})?/g, (_, name: string) => ids[name] ?? NAMED[name] ?? crypto.randomUUID());

type Pattern = Pick<Route, "method" | "path">;

/** The pairs of routes that one request could match: the test of modules, which share one origin. */
export const sharedBy = (some: Pattern[], others: Pattern[]): string[] =>
  some.flatMap((a) =>
    others.flatMap((b) =>
      a.method === b.method && haveCommonPath(a.path, b.path)
        ? [`${a.method} ${a.path} and ${b.method} ${b.path}`]
        : [],
    ),
  );

/** Two patterns of Hono. Of two parameters with rules it is taken that a value can fit both. */
function haveCommonPath(a: string, b: string): boolean {
  const [left, right] = [partsOf(a), partsOf(b)];
  const isOpenEnded = [...left, ...right].some((part) => part.includes(".+") || part === "*");
  if (left.length !== right.length && !isOpenEnded) return false;
  return left.slice(0, right.length).every((part, at) => mayBeSame(part, right[at]!));
}

/** The parts of a path. A rule may have slashes of its own. */
const partsOf = (path: string): string[] => path.match(/(?<=\/)(?:[^/{]|\{[^}]*\})+/g) ?? [];

function mayBeSame(a: string, b: string): boolean {
  const ruleOf = (part: string) => /^:\w+\{(.*)\}$/.exec(part)?.[1];
  const isFree = (part: string) => part === "*" || part.startsWith(":");
  if (isFree(a) && isFree(b)) return true;
  if (!isFree(a) && !isFree(b)) return a === b;
  const [free, fixed] = isFree(a) ? [a, b] : [b, a];
  const rule = ruleOf(free);
  // A rule with slashes goes on into the parts after this one.
  return rule === undefined || new RegExp(`^(?:${rule.split("/")[0]})$`).test(fixed);
}
