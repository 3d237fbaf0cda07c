import { zValidator } from "@hono/zod-validator";
import type { Context, MiddlewareHandler, ValidationTargets } from "hono";
import * as z from "zod/mini";
import en from "zod/v4/locales/en.js";
import { type ApiError, badRequest, type Issue } from "../lib/errors.ts";

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
 * @throws ApiError 400 whose sentence names the first bad field, and whose `errors` lists them all
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
        throw badRequest("content-type: must be application/json");
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

function refusal(issues: Issue[]): ApiError {
  const [first] = issues;
  return badRequest(first ? `${first.path}: ${first.message}` : "The request is not valid", issues);
}

/** Holds what follows from a request against the rules of one. @throws ApiError 400 as `valid` */
export function check(schema: z.ZodMiniType, value: unknown): void {
  const { error } = schema.safeParse(value);
  if (error) throw refusal(error.issues.map((issue) => issueOf(issue, value, "body")));
}

/** An id in a path or a query: any version of UUID, either case in, lower case out. */
export const uuid = z.guid("must be a UUID").check(z.toLowerCase());

/** A whole number in a path or a query, in decimal digits. */
export const wholeNumber = z.pipe(
  z.string().check(z.regex(/^\d{1,15}$/, "must be a whole number")),
  z.transform(Number),
);

/** Yes or no in a query. */
export const flag = z.pipe(
  z.enum(["true", "false"], "must be true or false"),
  z.transform((value) => value === "true"),
);

/** A text of one line, as it may stand in a mail's header: a line break there would begin another header. */
export const line = (max: number) =>
  z.string().check(
    z.maxLength(max, `at most ${max} characters`),
    z.regex(/^(\t|\P{Cc})*$/u, "must be one line without control characters"),
    z.refine((text) => text.isWellFormed(), "must be well-formed Unicode"),
  );

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
export function answer(status: number, schema: z.ZodMiniType | null, or?: Answer["or"]): MiddlewareHandler {
  const passThrough: MiddlewareHandler = (_c, next) => next();
  answers.set(passThrough, { status, schema, ...(or ? { or } : {}) });
  return passThrough;
}

/** The answer that `answer` declared on a handler, if it is one of its own. */
export const answerOf = (handler: object): Answer | undefined => answers.get(handler);
