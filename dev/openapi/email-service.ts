import { authenticate, idempotent, limitRate, withContext } from "../../src/email-service/middleware.ts";
import type { JsonSchema } from "../../src/platform/docs.ts";
import { limitOpen } from "../../src/platform/rate-limit.ts";
import { type Conventions, type Derived, ofEveryApi } from "./answers.ts";
import type { Middleware } from "./routes.ts";

export const middleware: Middleware = {
  ...{ authenticate, idempotent, withContext },
  limits: [limitRate, limitOpen],
};

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
    {
      description: "The token is missing, invalid or expired, or the headers name somebody else.",
      headers: ["WWW-Authenticate"],
    },
  ],
  [
    404,
    "NotFound",
    ({ path, isAuthenticated }) => isAuthenticated && path !== "/api/accounts",
    { description: "It does not exist, or belongs to somebody else." },
  ],
  [
    409,
    "KeyReused",
    ({ isIdempotent }) => isIdempotent,
    {
      description:
        "The first request with this `Idempotency-Key` is still being answered, or the key was used for another request.",
    },
  ],
  [
    429,
    "TooManyRequests",
    ({ isLimited }) => isLimited,
    {
      description: "Too many requests of the user in this minute, or of the address on open routes.",
      headers: ["Retry-After"],
    },
  ],
  ...ofEveryApi.filter(([status]) => status !== 429),
  [
    503,
    "Unavailable",
    () => true,
    {
      description: "The database, the mailboxes or the mail server cannot be reached. Try again.",
      headers: ["Retry-After"],
    },
  ],
];

export const conventions: Conventions = {
  bearer: "A JWT with `tenant_id`, `user_id` (UUIDs), `role` and `exp`.",
  headers: ["X-Request-Id", "X-RateLimit-Limit", "X-RateLimit-Remaining", "X-RateLimit-Reset"],
  derived,
  errorFields: ["error", "message", "code", "timestamp"],
};

export const guards = [{ bearer: [] }, { header: [] }];

export const security: Record<string, JsonSchema> = {
  header: { type: "apiKey", in: "header", name: "X-Auth-Token", description: "The same JWT." },
};
