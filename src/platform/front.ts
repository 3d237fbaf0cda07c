import type { Context, Hono } from "hono";
import { ServiceError, unauthenticated } from "../lib/errors.ts";
import { createApp, STATUS_OF } from "./app.ts";
import { type Placement, platformConfig, refusedSecrets } from "./config.ts";
import { keepParts, type Parts } from "./health.ts";
import { log } from "./log.ts";
import { isOperator } from "./metrics.ts";
import { enabledOf, type Module } from "./module.ts";
import { limitOpen } from "./rate-limit.ts";
import { responds } from "./validation.ts";

/** A module, and where it is mounted. */
interface Mounted {
  module: Module;
  prefix: string;
  /** Null means every host. */
  host: string | null;
}

/** The Worker's HTTP entry. */
export interface Front {
  fetch(request: Request, env: Env, execution: ExecutionContext): Promise<Response>;
  /** The app of the front's own routes. */
  own: Hono<{ Bindings: Env }>;
}

/**
 * The addresses within the web inbox, which can be shared and reloaded, and those of its scripts. Scripts that exist are
 * static files, which Cloudflare serves before the Worker: one of an older build is 404.
 */
const INBOX = /^\/(app|assets)(\/|$)/;

/**
 * Puts modules behind one entry. `MODULES` places each of them. `GET /health` and `GET /metrics` belong to the front,
 * with what each module adds. So does the web inbox, unless a module has its prefix. A path without an owner goes to the
 * first module without a prefix, which answers 404 in its own shape.
 */
export function createFront(modules: Module[]): Front {
  const own = createOwn(modules);
  const layouts = new WeakMap<Env, Mounted[]>();
  const layoutOf = (env: Env): Mounted[] => {
    const known = layouts.get(env);
    if (known) return known;
    const layout = place(modules, platformConfig(env).MODULES);
    layouts.set(env, layout);
    return layout;
  };
  return {
    own,
    async fetch(request, env, execution) {
      const url = new URL(request.url);
      if (/^\/(health|metrics)\/?$/.test(url.pathname)) return own.fetch(request, env, execution);
      let found: Mounted | undefined;
      try {
        const mounted = layoutOf(env).filter(({ host }) => host === null || host === url.host);
        found = ownerOf(mounted, url.pathname);
        if (!found && INBOX.test(url.pathname)) return own.fetch(request, env, execution);
        found ??= mounted.find(({ prefix }) => prefix === "");
      } catch (error) {
        log("error", "config.invalid", { error });
        return Response.json({ detail: "Internal server error" }, { status: 500 });
      }
      if (!found) return own.fetch(request, env, execution);
      const app = await found.module.app();
      return app.fetch(withoutPrefix(request, url, found.prefix), env, execution);
    },
  };
}

/** The longest matching prefix wins. Without one, the module owns the paths of its contract. */
function ownerOf(mounted: Mounted[], path: string): Mounted | undefined {
  const below = mounted
    .filter(({ prefix }) => prefix !== "" && `${path}/`.startsWith(`${prefix}/`))
    .sort((a, b) => b.prefix.length - a.prefix.length);
  return below[0] ?? mounted.find(({ module, prefix }) => prefix === "" && module.owns(path));
}

/**
 * @returns the modules that are switched on
 * @throws Error when MODULES has an unknown name: a typing error would leave a module on that should be off
 */
function place(modules: Module[], placements: Record<string, Placement>): Mounted[] {
  const names = modules.map(({ name }) => name);
  const unknown = Object.keys(placements).find((name) => !names.includes(name));
  if (unknown !== undefined) {
    throw new Error(`MODULES names "${unknown}", which is not a module; the modules are ${names.join(", ")}`);
  }
  return modules.flatMap((module): Mounted[] => {
    const placement = placements[module.name] ?? true;
    if (placement === false) return [];
    const { prefix = "", host = null } = placement === true ? {} : placement;
    return [{ module, prefix, host }];
  });
}

/** Removes the prefix from a request's URL. */
function withoutPrefix(request: Request, url: URL, prefix: string): Request {
  if (prefix === "") return request;
  const inner = new URL(url);
  inner.pathname = url.pathname.slice(prefix.length) || "/";
  return new Request(inner, request);
}

/**
 * The public base URL of a module, without a trailing slash, for links to itself.
 * @param url the URL of a request, as the module received it
 */
export const publicBase = (url: string, env: Env, module: string): string =>
  new URL(url).origin + prefixOf(env, module);

/** The URL of a request as the caller sent it, with the prefix that the front removed. */
export function publicUrl(url: string, env: Env, module: string): URL {
  const full = new URL(url);
  full.pathname = prefixOf(env, module) + full.pathname;
  return full;
}

function prefixOf(env: Env, module: string): string {
  const placement = platformConfig(env).MODULES[module];
  return typeof placement === "object" ? (placement.prefix ?? "") : "";
}

const BUILD_INFO =
  "# HELP xabar_build_info The deployed version.\n# TYPE xabar_build_info gauge\nxabar_build_info";

type OwnContext = Context<{ Bindings: Env }>;

function createOwn(modules: Module[]): Front["own"] {
  const app = createApp<{ Bindings: Env }>({
    toAnswer: ({ code, message }) => ({ status: STATUS_OF[code], body: { detail: message } }),
    corsOrigins: (env) => platformConfig(env).CORS_ORIGINS,
    exposeHeaders: ["x-request-id", "retry-after", "ratelimit", "ratelimit-policy"],
  });
  const unhealthy = { status: 503, schema: "UnhealthyResponse" };
  return app
    .get("/health", limitOpen, responds(200, "HealthResponse", unhealthy), async (c) => {
      const enabled = enabledOf(modules, c.env);
      const asked = isOperator(c.env, c.req.raw.headers) ? await askParts(enabled, c) : {};
      const refused = refusedSecrets(c.env);
      const isDown = Object.values(asked).some(({ status }) => status === "down");
      const health = {
        status: isDown ? "unhealthy" : "healthy",
        ...Object.assign({}, ...enabled.map((module) => module.health)),
        timestamp: Date.now(),
        parts: Object.assign({}, ...enabled.map((module) => module.configured?.(c.env)), asked),
        ...(refused.length ? { refused_secrets: refused } : {}),
      };
      return isDown ? c.json({ detail: "A part is down", ...health }, 503) : c.json(health);
    })
    .get("/metrics", limitOpen, responds(200, null), async (c) => {
      const isAllowed = isOperator(c.env, c.req.raw.headers);
      if (isAllowed === null) throw new ServiceError("not_found", "Not found");
      if (!isAllowed) throw unauthenticated();
      const { id, tag } = c.env.VERSION;
      const metrics = enabledOf(modules, c.env).map((module) => module.metrics?.(c.env, c.executionCtx));
      const text = `${BUILD_INFO}{version="${tag || id}"} 1\n${(await Promise.all(metrics)).join("")}`;
      return c.body(text, 200, { "content-type": "text/plain; version=0.0.4; charset=utf-8" });
    })
    .get("/app/*", limitOpen, async (c) => {
      const page = await c.env.ASSETS.fetch(new Request(new URL("/", c.req.url), c.req.raw));
      // A copy: the headers of the original cannot be changed.
      return new Response(page.body, page);
    });
}

/** The parts of modules, asked at most every 10 seconds. */
const askParts = (modules: Module[], c: OwnContext): Promise<Parts> =>
  keepParts(c.env, async () =>
    Object.assign({}, ...(await Promise.all(modules.map((module) => module.probe?.(c.env, c.executionCtx))))),
  );
