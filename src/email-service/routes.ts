import type { HonoRequest } from "hono";
import { createApp } from "../platform/app.ts";
import { limitBody } from "../platform/body-limit.ts";
import { accounts, signInReturns, signIns } from "./accounts/routes.ts";
import { attachments, linked } from "./attachments/routes.ts";
import { compose } from "./compose/routes.ts";
import { config } from "./config.ts";
import type { EmailEnv } from "./context.ts";
import { toAnswer } from "./errors.ts";
import { folders } from "./folders/routes.ts";
import { messages } from "./messages/routes.ts";
import { authenticate, limitRate, withContext } from "./middleware.ts";
import { sync } from "./sync/routes.ts";

const BODY_LIMITS = {
  /** A mail's text or HTML. Its files are uploaded before. */
  bytes: 5 * 1024 * 1024,
  json: { depth: 16, values: 10_000 },
  /** Uploads are streamed with their own limit. */
  isStreamed: (req: HonoRequest) => req.method === "POST" && /\/attachments\/?$/.test(req.path),
};

/**
 * The paths of the contract, and `/oauth`. An account's id has the form of a CUID, so that paths of other modules below
 * /api are theirs.
 */
const OWNED =
  /^\/(api\/(accounts(\/[^/]+)?|(sync|compose)\/.*|c[0-9a-z]{24}\/.*)|oauth\/(google|microsoft)\/.*)\/?$/;

/** True for a path of this module. */
export const owns = (path: string): boolean => OWNED.test(path);

/** The paths of one account. */
const OF_ACCOUNT = "/api/:accountId{c[0-9a-z]{24}}";

export const app = createApp<EmailEnv>({
  toAnswer,
  corsOrigins: (env) => config(env).CORS_ORIGINS,
  exposeHeaders: [
    ...["x-request-id", "retry-after", "idempotent-replayed", "content-disposition"],
    ...["x-ratelimit-limit", "x-ratelimit-remaining", "x-ratelimit-reset"],
  ],
})
  // Open routes: each checks a cookie or a signature of its own.
  .route("/oauth", signInReturns)
  .use(`${OF_ACCOUNT}/attachments/:attachmentId/download`, linked)
  // All routes below require a valid token.
  .use(authenticate, limitRate, limitBody(BODY_LIMITS), withContext)
  .route("/oauth", signIns)
  .route("/api/accounts", accounts)
  .route("/api/sync", sync)
  .route("/api/compose", compose)
  .route(`${OF_ACCOUNT}/folders`, folders)
  .route(`${OF_ACCOUNT}/messages`, messages)
  .route(`${OF_ACCOUNT}/attachments`, attachments);
