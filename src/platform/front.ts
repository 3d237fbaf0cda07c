import type { Hono } from "hono";
import * as z from "zod/mini";
import { createApp, STATUS_OF } from "./app.ts";
import { type Placement, platformConfig } from "./config.ts";
import type { Module } from "./module.ts";
import { limitOpen } from "./rate-limit.ts";
import { responds } from "./validation.ts";

/** Where a module answers. */
interface Mounted {
  module: Module;
  prefix: string;
  /** Null for every host. */
  host: string | null;
}

/** The Worker's HTTP entry. */
export interface Front {
  fetch(request: Request, env: Env, execution: ExecutionContext): Promise<Response>;
  /** What the front answers itself. */
  own: Hono<{ Bindings: Env }>;
}

/**
 * Puts modules behind one entry. `MODULES` says where each answers; `GET /health` is the front's, with a part of each
 * module. A path that no module owns goes to the first module, which refuses it in the shape of its contract.
 */
export function createFront(modules: Module[]): Front {
  const own = healthOf(modules);
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
      if (/^\/health\/?$/.test(url.pathname)) return own.fetch(request, env, execution);
      const mounted = layoutOf(env).filter(({ host }) => host === null || host === url.host);
      const found = mounted.find((each) => isOwner(each, url.pathname)) ?? mounted[0];
      if (!found) return own.fetch(request, env, execution);
      const app = await found.module.app();
      return app.fetch(withoutPrefix(request, url, found.prefix), env, execution);
    },
  };
}

/** Below a prefix a module has all paths; without one only those of its contract. */
const isOwner = ({ module, prefix }: Mounted, path: string): boolean =>
  prefix === "" ? module.owns(path) : path === prefix || path.startsWith(`${prefix}/`);

/**
 * @returns the modules that are on, those below a prefix first
 * @throws Error when MODULES names what is no module: a misspelt name would leave on what an operator put off
 */
function place(modules: Module[], placements: Record<string, Placement>): Mounted[] {
  const names = modules.map(({ name }) => name);
  const unknown = Object.keys(placements).find((name) => !names.includes(name));
  if (unknown !== undefined) {
    throw new Error(`MODULES names "${unknown}", which is no module; the modules are ${names.join(", ")}`);
  }
  const mounted = modules.flatMap((module): Mounted[] => {
    const placement = placements[module.name] ?? true;
    if (placement === false) return [];
    const { prefix = "", host = null } = placement === true ? {} : placement;
    return [{ module, prefix, host }];
  });
  return mounted.sort((a, b) => b.prefix.length - a.prefix.length);
}

/** A request as if the module were not below a prefix. */
function withoutPrefix(request: Request, url: URL, prefix: string): Request {
  if (prefix === "" || !url.pathname.startsWith(prefix)) return request;
  const inner = new URL(url);
  inner.pathname = url.pathname.slice(prefix.length) || "/";
  return new Request(inner, request);
}

/**
 * The address under which callers reach a module, without a slash at its end: for links to itself.
 * @param url of a request to the module
 */
export function publicBase(url: string, env: Env, module: string): string {
  const placement = platformConfig(env).MODULES[module];
  const prefix = typeof placement === "object" ? (placement.prefix ?? "") : "";
  return new URL(url).origin + prefix;
}

const HealthResponse = z.looseObject({
  status: z.literal("healthy"),
  /** In milliseconds since the epoch. */
  timestamp: z.int(),
});

function healthOf(modules: Module[]): Front["own"] {
  const app = createApp<{ Bindings: Env }>({
    toAnswer: ({ code, message }) => ({ status: STATUS_OF[code], body: { detail: message } }),
    corsOrigins: (env) => platformConfig(env).CORS_ORIGINS,
    exposeHeaders: ["x-request-id", "retry-after"],
  });
  return app.get("/health", limitOpen, responds(200, HealthResponse), (c) => {
    const isOn = ({ name }: Module) => platformConfig(c.env).MODULES[name] !== false;
    const parts = modules.filter(isOn).map(({ health }) => health);
    return c.json({ status: "healthy", ...Object.assign({}, ...parts), timestamp: Date.now() });
  });
}
