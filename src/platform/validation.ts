import { zValidator } from "@hono/zod-validator";
import type { Context, MiddlewareHandler, ValidationTargets } from "hono";
import * as z from "zod/mini";
import en from "zod/v4/locales/en.js";
import { type Issue, invalid, type ServiceError } from "../lib/errors.ts";

// For all zod of the isolate. Without a locale, each of its sentences would be "Invalid input".
z.config(en());

const issueOf = ({ path, message }: z.core.$ZodIssue, input: unknown, target: string): Issue => ({
  path: path.map(String).join(".") || target,
  // What is not there cannot be malformed.
  message: path.length && valueAt(input, path) === undefined ? "is missing" : message,
});

const valueAt = (input: unknown, path: PropertyKey[]): unknown =>
  path.reduce((value, key) => (value as Record<PropertyKey, unknown> | null | undefined)?.[key], input);

/** Those parameters of a query that a schema does not name: a filter that is ignored would be a wrong answer. */
function unknownOf(query: object, schema: z.ZodMiniType): Issue[] {
  const known = schema instanceof z.ZodMiniObject ? Object.keys(schema.shape) : [];
  const message = `is not a parameter of this route; it takes ${known.join(", ") || "none"}`;
  return Object.keys(query).flatMap((path) => (known.includes(path) ? [] : [{ path, message }]));
}

/** For a route that takes no query. */
export const noQuery = z.object({});

/** As Hono decides it: any other body it does not read, and takes for an empty object. */
export const isJson = (contentType: string): boolean =>
  /^application\/([a-z-.]+\+)?json(;\s*[\w-]+=[^;]+)*$/.test(contentType);

/**
 * Validates one part of a request and hands the handler its parsed value.
 * @param needed false for a JSON body that may be left out, or be empty or null: it is an empty object then
 * @param strict whether parameters of a query that the schema does not name are refused
 * @throws ServiceError `invalid` whose sentence names the first bad field, and whose `errors` lists them all
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
    // By default it is `safeParseAsync`: that puts the transforms of zod/mini off, and with them their issues behind
    // all others. A cast, as the type asks for the errors of `zod`, which have more methods than those of zod/mini.
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

/** Holds what follows from a request against the rules of one. @throws ServiceError `invalid` as `valid` */
export function check(schema: z.ZodMiniType, value: unknown): void {
  const { error } = schema.safeParse(value);
  if (error) throw refusal(error.issues.map((issue) => issueOf(issue, value, "body")));
}

/** What a route answers with: read by the tests of the route table and by the OpenAPI document. */
export interface Answer {
  status: number;
  schema: z.ZodMiniType | null;
  /** Another status that it may have, with its schema. */
  or?: { status: number; schema: z.ZodMiniType };
}

const answers = new WeakMap<object, Answer>();

/**
 * Declares a route's answer beside its request schemas. It does nothing at run time.
 * @param schema null for an answer without a JSON body
 */
export function responds(status: number, schema: z.ZodMiniType | null, or?: Answer["or"]): MiddlewareHandler {
  const passThrough: MiddlewareHandler = (_c, next) => next();
  answers.set(passThrough, { status, schema, ...(or ? { or } : {}) });
  return passThrough;
}

/** The answer that `responds` declared on a handler, if it is one of its own. */
export const answerOf = (handler: object): Answer | undefined => answers.get(handler);
