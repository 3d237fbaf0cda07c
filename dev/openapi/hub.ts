import { authenticate, open, staffOnly } from "../../src/hub/middleware.ts";
import type { JsonSchema } from "../../src/platform/docs.ts";
import { type Conventions, type Derived, ofEveryApi } from "./answers.ts";
import type { Middleware } from "./routes.ts";

/** Every route has a limit, and none an Idempotency-Key: the contract has no such header. */
export const middleware: Middleware = {
  ...{ authenticate, requireAdmin: staffOnly, idempotent: {}, withContext: open },
  limits: [],
};

const derived: Derived[] = [
  [
    400,
    "Invalid",
    ({ parts }) => parts.length > 0,
    { description: "The request is not valid: `details` has every bad field.", schemas: ["InvalidResponse"] },
  ],
  [
    401,
    "Unauthenticated",
    ({ isAuthenticated }) => isAuthenticated,
    {
      description: "The token is missing, invalid or expired, or its session has ended.",
      schemas: ["RefusedResponse"],
      headers: ["WWW-Authenticate"],
    },
  ],
  [
    403,
    "NotStaff",
    ({ isForAdmins }) => isForAdmins,
    { description: "The token is not of staff.", schemas: ["RefusedResponse"] },
  ],
  [
    404,
    "NotFound",
    ({ path }) => path.includes("/:"),
    { description: "It does not exist, or the caller may not see it: both look alike." },
  ],
  [
    429,
    "TooManyRequests",
    () => true,
    {
      description: "Too many requests: see docs/hub.md for the limits.",
      schemas: ["ThrottledResponse"],
      headers: ["Retry-After"],
    },
  ],
  ...ofEveryApi.filter(([status]) => status === 500),
  [
    503,
    "Unavailable",
    ({ hasContext }) => hasContext,
    { description: "The database is busy, or `HUB_JWT_SECRET` is not set.", headers: ["Retry-After"] },
  ],
];

export const conventions: Conventions = {
  bearer: "The `access` of a sign-in.",
  headers: ["X-Request-Id"],
  derived,
  errorFields: ["error", "detail"],
};

export const bodyTypes = ["application/json", "application/x-www-form-urlencoded", "multipart/form-data"];

export const guards = [{ bearer: [] }];

export const security: Record<string, JsonSchema> = {};
