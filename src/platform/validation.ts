import { zValidator } from "@hono/zod-validator";
import type { Context, MiddlewareHandler, ValidationTargets } from "hono";
import * as z from "zod/mini";
import en from "zod/v4/locales/en.js";
import { type Issue, invalid, type ServiceError } from "../lib/errors.ts";

// Global to the isolate. Without a locale, every message of zod is "Invalid input".
z.config(en());

const issueOf = ({ path, message }: z.core.$ZodIssue, input: unknown, target: string): Issue => ({
  path: path.map(String).join(".") || target,
  // An absent value is missing, not malformed.
  message: path.length && valueAt(input, path) === undefined ? "is missing" : message,
});

const valueAt = (input: unknown, path: PropertyKey[]): unknown =>
  path.reduce((value, key) => (value as Record<PropertyKey, unknown> | null | undefined)?.[key], input);

/** Query parameters that are not in the schema. Ignoring an unknown filter would return wrong results. */
function unknownOf(query: object, schema: z.ZodMiniType): Issue[] {
  const known = schema instanceof z.ZodMiniObject ? Object.keys(schema.shape) : [];
  const message = `is not a parameter of this route; it takes ${known.join(", ") || "none"}`;
  return Object.keys(query).flatMap((path) => (known.includes(path) ? [] : [{ path, message }]));
}

/** For a route that takes no query. */
export const noQuery = z.object({});

/** The same test as Hono's. Hono does not read other bodies, and passes an empty object. */
export const isJson = (contentType: string): boolean =>
  /^application\/([a-z-.]+\+)?json(;\s*[\w-]+=[^;]+)*$/.test(contentType);

/**
 * Makes the middleware that validates one part of a request and passes the parsed value to the handler.
 * @param needed false if a JSON body may be absent, empty or null, which counts as an empty object
 * @param strict true to refuse query parameters that are not in the schema
 * @throws ServiceError invalid; its message names the first bad field, and `issues` lists all
 */
export const valid = <Schema extends z.ZodMiniType, Target extends keyof ValidationTargets>(
  target: Target,
  schema: Schema,
  { needed = true, strict = true } = {},
) => {
  const validator = zValidator(
    target,
    schema,
    (result, c) => {
      const type = c.req.header("content-type");
      if (target === "json" && !isJson(type ?? "")) {
        throw invalid("content-type: must be application/json");
      }
      const name = target === "json" ? "body" : target;
      const issues = [
        ...(strict && target === "query" ? unknownOf(c.req.query(), schema) : []),
        ...(result.success ? [] : result.error.issues.map((issue) => issueOf(issue, result.data, name))),
      ];
      if (issues.length) throw refusal(issues);
    },
    // The default, `safeParseAsync`, runs transforms of zod/mini later, which puts their issues last. The cast is
    // needed because the type demands errors of `zod`, which have more methods than those of zod/mini.
    { validationFunction: (schema, value) => schema.safeParse(value) as never },
  );
  if (needed) return validator;
  const orEmpty: MiddlewareHandler = async (c, next) => {
    if (await hasBody(c)) return validator(c, next);
    c.req.addValidatedData(target, schema.parse({}) as object);
    await next();
  };
  return orEmpty as typeof validator;
};

const hasBody = async ({ req }: Context): Promise<boolean> =>
  !["", "null"].includes((await req.text()).trim());

function refusal(issues: Issue[]): ServiceError {
  const [first] = issues;
  return invalid(first ? `${first.path}: ${first.message}` : "The request is not valid", issues);
}

/** Validates a value that was derived from a request. @throws ServiceError invalid, like `valid` */
export function check(schema: z.ZodMiniType, value: unknown): void {
  const { error } = schema.safeParse(value);
  if (error) throw refusal(error.issues.map((issue) => issueOf(issue, value, "body")));
}

/** The declared response of a route, for the OpenAPI document and the tests of the route table. */
export interface Answer {
  status: number;
  schema: z.ZodMiniType | null;
  /** A second possible status and its schema. */
  or?: { status: number; schema: z.ZodMiniType };
}

const answers = new WeakMap<object, Answer>();

/**
 * Declares a route's response beside its request schemas. Has no effect at run time.
 * @param schema null for a response without a JSON body
 */
export function responds(status: number, schema: z.ZodMiniType | null, or?: Answer["or"]): MiddlewareHandler {
  const passThrough: MiddlewareHandler = (_c, next) => next();
  answers.set(passThrough, { status, schema, ...(or ? { or } : {}) });
  return passThrough;
}

/** The response that a handler made by `responds` declares; undefined for other handlers. */
export const answerOf = (handler: object): Answer | undefined => answers.get(handler);
