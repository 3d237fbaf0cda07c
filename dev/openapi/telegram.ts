import type { JsonSchema } from "../../src/platform/docs.ts";
import { authenticate, open, operatorsOnly } from "../../src/telegram/middleware.ts";
import { type Conventions, type Derived, ofEveryApi } from "./answers.ts";
import type { Middleware } from "./routes.ts";

export const middleware: Middleware = {
  ...{ authenticate, requireAdmin: operatorsOnly, idempotent: {}, withContext: open },
  limits: [],
};

const derived: Derived[] = [
  [
    400,
    "Invalid",
    ({ parts }) => parts.length > 0,
    {
      description:
        "The request is not valid: the sentences for each bad field, or `detail` for what cannot be read.",
      schemas: ["InvalidResponse"],
    },
  ],
  [
    401,
    "Unauthenticated",
    ({ isAuthenticated, isForAdmins }) => isAuthenticated || isForAdmins,
    {
      description: "The credential is missing, invalid or expired.",
      schemas: ["RefusedResponse"],
      headers: ["WWW-Authenticate"],
    },
  ],
  [
    403,
    "NotOperator",
    ({ isForAdmins }) => isForAdmins,
    { description: "The token's role is not `admin`.", schemas: ["RefusedResponse"] },
  ],
  [
    404,
    "NotFound",
    ({ path }) => path.includes("/:"),
    {
      description: "It does not exist, or is not the caller's: both look alike.",
      schemas: ["MissingResponse"],
    },
  ],
  [
    415,
    "UnsupportedType",
    ({ parts }) => parts.some(({ target }) => target === "json"),
    { description: "The body is neither JSON nor a form.", schemas: ["RefusedResponse"] },
  ],
  [
    429,
    "TooManyRequests",
    () => true,
    {
      description: "Too many requests.",
      schemas: ["RefusedResponse"],
      headers: ["Retry-After", "RateLimit-Policy", "RateLimit"],
    },
  ],
  ...ofEveryApi
    .filter(([status]) => status === 500)
    .map(
      ([status, name, when, doc]): Derived => [status, name, when, { ...doc, schemas: ["RefusedResponse"] }],
    ),
  [
    503,
    "Unavailable",
    ({ hasContext }) => hasContext,
    {
      description: "The database is busy, or Telegram cannot be asked: `detail` says what is missing.",
      schemas: ["UnavailableResponse"],
      headers: ["Retry-After"],
    },
  ],
];

export const conventions: Conventions = {
  bearer: "An operator's token, with the role `admin`: it may act for any user.",
  headers: ["X-Request-Id"],
  derived,
  errorFields: ["error", "detail"],
};

export const bodyTypes = ["application/json", "application/x-www-form-urlencoded", "multipart/form-data"];

export const guards = [{ initData: [] }, { bearer: [] }];

export const security: Record<string, JsonSchema> = {
  initData: {
    type: "apiKey",
    in: "header",
    name: "Authorization",
    description: "`tma ` and the init data of the Mini App, as `Telegram.WebApp.initData` has it.",
  },
};
