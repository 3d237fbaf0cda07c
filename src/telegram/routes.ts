import { Hono } from "hono";
import { lazy } from "../lib/lazy.ts";
import { createApp } from "../platform/app.ts";
import { accounts } from "./accounts/routes.ts";
import { blockedGroups } from "./blocked-groups/routes.ts";
import { config } from "./config.ts";
import { content } from "./content/routes.ts";
import type { OpenEnv, UserEnv } from "./context.ts";
import { toAnswer } from "./errors.ts";
import { groups } from "./groups/routes.ts";
import { mailing } from "./mailing/routes.ts";
import { media } from "./media/routes.ts";
import { authenticate, open, operatorsOnly } from "./middleware.ts";
import { runs } from "./runs/routes.ts";
import { admin, status } from "./users/routes.ts";

/** The paths of the contract, those of operators, and the pictures and videos of mailings. */
const OWNED = /^((\/(ru|uz|en))?\/api\/v1\/auto-mailing|\/telegram|\/media\/mailing)(\/.*)?$/;

/** True for a path of this module. */
export const owns = (path: string): boolean => OWNED.test(path);

export const app = lazy(() =>
  createApp<OpenEnv>({
    toAnswer,
    corsOrigins: (env) => config(env).CORS_ORIGINS,
    exposeHeaders: ["x-request-id", "retry-after", "ratelimit", "ratelimit-policy"],
  })
    .use(open)
    .route("/media/mailing", media())
    .use("/telegram/*", operatorsOnly)
    .route("/telegram/blocked-groups", blockedGroups())
    .route("/telegram", admin())
    .route("/api/v1/auto-mailing", autoMailing()),
);

/** The 13 calls of the contract, and ours beside them. Each has the user's Telegram id as its second segment. */
const autoMailing = () =>
  new Hono<UserEnv>({ strict: false })
    .use("/:area/:telegramId/*", authenticate)
    .route("/status", status())
    .route("/accounts", accounts())
    .route("/groups", groups())
    .route("/mailing", runs())
    .route("/mailing", content())
    .route("/mailing", mailing());

/** Answers requests. The language in front of a path changes nothing. */
export const entry = {
  fetch(request: Request, env: Env, execution: ExecutionContext): Response | Promise<Response> {
    const url = new URL(request.url);
    const path = url.pathname.replace(/^\/(ru|uz|en)(?=\/)/, "");
    if (path === url.pathname) return app().fetch(request, env, execution);
    url.pathname = path;
    return app().fetch(new Request(url, request), env, execution);
  },
};
