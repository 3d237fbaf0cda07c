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

/** Every route that declares an answer. */
export const routes: Route[] = apps.flatMap((app) => {
  const doorAt = app.routes.findIndex(({ handler }) => handler === authenticate);
  return app.routes.flatMap(({ method, path, handler }, at) =>
    answerOf(handler) ? [{ method, path, isOpen: doorAt === -1 || at < doorAt }] : [],
  );
});

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
