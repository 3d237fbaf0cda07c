import type { Context, Handler, MiddlewareHandler } from "hono";
import * as z from "zod/mini";
import en from "zod/v4/locales/en.js";
import { type Issue, invalid, type ServiceError } from "../lib/errors.ts";
import { lazy } from "../lib/lazy.ts";

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
export const noQuery = lazy(() => z.object({}));

/** Other bodies are not read. */
export const isJson = (contentType: string): boolean =>
  /^application\/([a-z-.]+\+)?json(;\s*[\w-]+=[^;]+)*$/.test(contentType);

/** The parts of a request that `valid` can read. */
type Target = "param" | "query" | "json";

/** A part of a request with its schema. */
export interface RequestPart {
  target: Target;
  schema: () => z.ZodMiniType;
  /** False if the part may be absent. */
  needed: boolean;
}

const parts = new WeakMap<object, RequestPart>();

/** The part of the request that a handler made by `valid` checks; undefined for other handlers. */
export const partOf = (handler: Handler | MiddlewareHandler): RequestPart | undefined => parts.get(handler);

/** Notes what a handler checks, as `valid` does: for a module that reads bodies in its own way. */
export const declarePart = (handler: object, part: RequestPart): void => void parts.set(handler, part);

/** The types that a handler gets from `c.req.valid`. */
export interface Validated<In extends Target, Schema extends z.ZodMiniType> {
  in: { [Name in In]: z.input<Schema> };
  out: { [Name in In]: z.output<Schema> };
}

/**
 * Makes the middleware that validates one part of a request and passes the parsed value to the handler.
 * @param schema is built at the first request, not at the start of the Worker
 * @param needed false if a JSON body may be absent, empty or null, which counts as an empty object
 * @param strict true to refuse query parameters that are not in the schema
 * @throws ServiceError invalid; its message names the first bad field, and `issues` lists all
 */
export function valid<In extends Target, Schema extends z.ZodMiniType>(
  target: In,
  schema: () => Schema,
  { needed = true, strict = true } = {},
): MiddlewareHandler<object, string, Validated<In, Schema>> {
  const name = target === "json" ? "body" : target;
  const validate: MiddlewareHandler<object, string, Validated<In, Schema>> = async (c, next) => {
    const input = needed || (await hasBody(c)) ? await READERS[target](c) : {};
    const { data, error } = schema().safeParse(input);
    const issues = [
      ...(strict && target === "query" ? unknownOf(c.req.query(), schema()) : []),
      ...(error?.issues ?? []).map((issue) => issueOf(issue, input, name)),
    ];
    if (issues.length) throw refusal(issues);
    c.req.addValidatedData(target, data as object);
    await next();
  };
  parts.set(validate, { target, schema, needed });
  return validate;
}

const READERS: Record<Target, (c: Context) => unknown> = {
  param: (c) => c.req.param(),
  /** A parameter that occurs several times is a list. */
  query: (c) =>
    Object.fromEntries(
      Object.entries(c.req.queries()).map(([name, values]) => [
        name,
        values.length === 1 ? values[0] : values,
      ]),
    ),
  json: async (c) => {
    if (!isJson(c.req.header("content-type") ?? "")) throw invalid("content-type: must be application/json");
    return c.req.json().catch(() => Promise.reject(invalid("body: Malformed JSON in request body")));
  },
};

const hasBody = async ({ req }: Context): Promise<boolean> =>
  !["", "null"].includes((await req.text()).trim());

function refusal(issues: Issue[]): ServiceError {
  const [first] = issues;
  return invalid(first ? `${first.path}: ${first.message}` : "The request is not valid", issues);
}

/** Validates a value that was derived from a request. @throws ServiceError invalid, like `valid` */
export function check(schema: () => z.ZodMiniType, value: unknown): void {
  const { error } = schema().safeParse(value);
  if (error) throw refusal(error.issues.map((issue) => issueOf(issue, value, "body")));
}

/**
 * The declared response of a route, for the OpenAPI document and the tests. Its schema is named, so that no schema of a
 * response is in the bundle: see responses.ts of each folder.
 */
export interface Answer {
  status: number;
  /** Null for a response without a JSON body. */
  schema: string | null;
  /** A second possible status and its schema. */
  or?: { status: number; schema: string };
}

const answers = new WeakMap<object, Answer>();

/** Declares a route's response beside its request schemas. Has no effect at run time. */
export function responds(status: number, schema: string | null, or?: Answer["or"]): MiddlewareHandler {
  const passThrough: MiddlewareHandler = (_c, next) => next();
  answers.set(passThrough, { status, schema, ...(or ? { or } : {}) });
  return passThrough;
}

/** The response that a handler made by `responds` declares; undefined for other handlers. */
export const answerOf = (handler: object): Answer | undefined => answers.get(handler);
