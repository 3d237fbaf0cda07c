import { authenticate, idempotent, limitRate, requireAdmin, withContext } from "../../src/ems/middleware.ts";
import type { JsonSchema } from "../../src/platform/docs.ts";
import { limitOpen } from "../../src/platform/rate-limit.ts";
import { type Conventions, type Derived, ofEveryApi } from "./answers.ts";
import type { Middleware } from "./routes.ts";

export const middleware: Middleware = {
  ...{ authenticate, requireAdmin, idempotent, withContext },
  limits: [limitRate, limitOpen],
};

/** Errors that a route's middleware responds with, and their names as components. */
const derived: Derived[] = [
  [
    400,
    "Invalid",
    ({ isAuthenticated, parts }) => isAuthenticated || parts.length > 0,
    { description: "The request is not valid.", schemas: ["InvalidResponse"] },
  ],
  [
    401,
    "Unauthenticated",
    ({ isAuthenticated }) => isAuthenticated,
    { description: "The token is missing, invalid or expired.", headers: ["WWW-Authenticate"] },
  ],
  [403, "NotAdmin", ({ isForAdmins }) => isForAdmins, { description: "The token's role is not `admin`." }],
  [
    404,
    "NotFound",
    ({ path }) => path.includes("/:"),
    { description: "It does not exist, or belongs to a company that is not in the token." },
  ],
  [
    409,
    "KeyInUse",
    ({ isIdempotent }) => isIdempotent,
    { description: "The first request with this `Idempotency-Key` is still being answered." },
  ],
  [
    422,
    "KeyReused",
    ({ isIdempotent }) => isIdempotent,
    { description: "This `Idempotency-Key` was used for another request." },
  ],
  ...ofEveryApi,
  [
    503,
    "Unavailable",
    ({ hasContext }) => hasContext,
    {
      description: "The database is busy, or the keys that verify tokens cannot be fetched. Try again.",
      headers: ["Retry-After"],
    },
  ],
];

export const conventions: Conventions = {
  bearer: "A JWT with `user_id`, `role`, `companies` and `exp`.",
  headers: ["X-Request-Id"],
  derived,
  errorFields: ["detail"],
};

export const guards = [{ bearer: [] }];

export const security: Record<string, JsonSchema> = {
  token: { type: "apiKey", in: "query", name: "token", description: "The same JWT, in the URL." },
  metricsToken: { type: "http", scheme: "bearer", description: "The operator's `METRICS_TOKEN`." },
  ticket: { type: "apiKey", in: "query", name: "ticket", description: "A ticket of `POST /sse/ticket`." },
  nylasSignature: {
    type: "apiKey",
    in: "header",
    name: "x-nylas-signature",
    description: "HMAC-SHA256 of the body under the webhook's secret, in hex.",
  },
};
