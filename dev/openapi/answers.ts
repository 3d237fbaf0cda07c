import type { JsonSchema, ResponseDoc } from "../../src/platform/docs.ts";
import type { Answer } from "../../src/platform/validation.ts";
import type { Route } from "./routes.ts";
import { refTo } from "./schemas.ts";

// What every route shares: the headers, and the errors that follow from the middleware in front of it.

/** Response headers that routes name. */
export const HEADERS: Record<string, JsonSchema> = {
  "X-Request-Id": {
    description: "The id of the request: the caller's own, or a new one. Quote it when you report a problem.",
    required: true,
    schema: { type: "string" },
  },
  ETag: {
    description: 'The version of the resource, such as `"7"`. Send it as `If-Match`.',
    schema: { type: "string" },
  },
  "Last-Event-ID": {
    description:
      "The position of the live feed at the time of the read. A stream that begins there misses nothing.",
    schema: { type: "string" },
  },
  "Idempotent-Replayed": {
    description: "`true` when this is the stored response of an earlier request with the same key.",
    schema: { const: "true" },
  },
  "Retry-After": {
    description: "Seconds to wait before the next try.",
    schema: { type: "string", pattern: "^[0-9]+$" },
  },
  "RateLimit-Policy": {
    description: 'The limit that is reached, such as `"user";q=1000;w=60`: requests per seconds.',
    schema: { type: "string" },
  },
  RateLimit: {
    description: 'What is left of it, such as `"user";r=0`: nothing.',
    schema: { type: "string" },
  },
  "X-RateLimit-Limit": {
    description: "Requests of the user a minute that the limit of this route allows.",
    schema: { type: "string", pattern: "^[0-9]+$" },
  },
  "X-RateLimit-Remaining": {
    description: "How many of them are left.",
    schema: { type: "string", pattern: "^[0-9]+$" },
  },
  "X-RateLimit-Reset": {
    description: "When the minute ends, in milliseconds since the epoch.",
    schema: { type: "string", pattern: "^[0-9]+$" },
  },
  "WWW-Authenticate": { description: "The scheme to authenticate with.", schema: { const: "Bearer" } },
  Location: { description: "Where the browser goes next.", schema: { type: "string", format: "uri" } },
  "Set-Cookie": {
    description: "Shows at the return that it is the same browser.",
    schema: { type: "string" },
  },
  "Content-Range": { description: "The part of the file, and its size.", schema: { type: "string" } },
  "X-Chat-Seq": {
    description: "The position of the room: the answer has what happened up to it.",
    schema: { type: "string" },
  },
  "Accept-Ranges": { description: "The file can be read in parts.", schema: { const: "bytes" } },
  "Content-Disposition": { description: "The name of the file.", schema: { type: "string" } },
  "Content-Security-Policy": { description: "What the document may load.", schema: { type: "string" } },
  "X-Accel-Buffering": {
    description: "Keeps proxies from buffering the stream.",
    schema: { type: "string" },
  },
  "Content-Encoding": { description: "Keeps proxies from compressing.", schema: { const: "identity" } },
};

/** An error that a route's middleware responds with: its status, its name as a component, and which routes have it. */
export type Derived = [status: number, name: string, when: (route: Route) => boolean, doc: ResponseDoc];

/** Errors that every API responds with alike. */
export const ofEveryApi: Derived[] = [
  [
    429,
    "TooManyRequests",
    ({ isLimited }) => isLimited,
    {
      description: "Too many requests in this minute: per user, or per address on open routes.",
      headers: ["Retry-After", "RateLimit-Policy", "RateLimit"],
    },
  ],
  [
    500,
    "InternalError",
    () => true,
    { description: "An error of ours. The log has its cause under the `x-request-id`." },
  ],
];

/** What the routes of one API share. */
export interface Conventions {
  /** The description of its tokens. */
  bearer: string;
  /** Names of the response headers of every route. */
  headers: string[];
  derived: Derived[];
  /** The fields of an error without more than what every error has. */
  errorFields: string[];
}

/** The derived errors, as components. @param examples as in `Described`; the first of a status is shown */
export const sharedResponses = (
  { derived, headers, errorFields }: Conventions,
  examples: Record<string, unknown>,
): Record<string, JsonSchema> =>
  Object.fromEntries(
    derived.map(([status, name, , doc]) => {
      const response = toResponse(status, doc, headers);
      const found = Object.keys(examples).filter(
        (key) => key.endsWith(` ${status}`) && isPlain(examples[key], errorFields),
      );
      // One that names bad fields shows more.
      const shown = found.find((key) => "errors" in (examples[key] as object)) ?? found[0];
      const content = (response.content as Record<string, JsonSchema>)["application/json"]!;
      if (shown) content.example = examples[shown];
      return [name, response];
    }),
  );

/** An error without more than what every error has. */
const isPlain = (body: unknown, errorFields: string[]): boolean =>
  Object.keys(body as object).every((name) => [...errorFields, "errors"].includes(name));

/** The `responses` of an operation: declared ones, those of the middleware, and those of the route's own code. */
export function responsesOf(
  conventions: Conventions,
  route: Route,
  own: Record<number, string | ResponseDoc> = {},
): Record<string, JsonSchema> {
  const derived = new Map(
    conventions.derived
      .filter(([, , applies]) => applies(route))
      .map(([status, name, , doc]) => [status, { name, doc }]),
  );
  const { answer } = route;
  const declared = new Map([answer, ...(answer.or ? [answer.or] : [])].map((each) => [each.status, each]));
  const statuses = [...new Set([...declared.keys(), ...derived.keys(), ...Object.keys(own).map(Number)])];
  const describe = (status: number): JsonSchema => {
    const [given, success, error] = [own[status], declared.get(status), derived.get(status)];
    if (error && given === undefined) return { $ref: `#/components/responses/${error.name}` };
    const doc = merge(success ? toDoc(route, success) : error?.doc, given);
    try {
      return toResponse(status, doc, conventions.headers);
    } catch (cause) {
      throw new Error(`${route.key} ${status}: ${(cause as Error).message}`, { cause });
    }
  };
  return Object.fromEntries(statuses.sort((a, b) => a - b).map((status) => [status, describe(status)]));
}

const OK: Record<number, string> = {
  200: "OK",
  201: "Created",
  202: "Accepted",
  204: "No content",
  302: "Redirect",
};

const toDoc = ({ isIdempotent }: Route, { status, schema }: Answer): ResponseDoc => ({
  description: OK[status] ?? "OK",
  ...(schema ? { schemas: [schema] } : {}),
  headers: isIdempotent ? ["Idempotent-Replayed"] : [],
});

/** What the route says of a response, over what follows without it. An error may have reasons of both. */
function merge(derived: ResponseDoc | undefined, own: string | ResponseDoc = {}): ResponseDoc {
  const given: Partial<ResponseDoc> = typeof own === "string" ? { description: own } : own;
  const reasons = [given.description, isSuccess(derived) ? undefined : derived?.description];
  return {
    ...derived,
    ...given,
    description: reasons.filter((reason) => reason).join(" ") || (derived?.description ?? ""),
    headers: [...new Set([...(derived?.headers ?? []), ...(given.headers ?? [])])],
  };
}

const isSuccess = (doc: ResponseDoc | undefined): boolean =>
  Object.values(OK).includes(doc?.description ?? "");

function toResponse(
  status: number,
  { description = "", type, schemas, headers = [] }: ResponseDoc,
  always: string[],
): JsonSchema {
  const named = [...new Set([...always, ...headers])].map((name) => [
    name,
    { $ref: `#/components/headers/${name}` },
  ]);
  const described = { description, headers: Object.fromEntries(named) };
  if ([101, 204, 302, 304].includes(status)) return described;
  if (type) return { ...described, content: { [type]: { schema: { type: "string" } } } };
  const bodies = schemas ?? (status >= 400 ? ["ErrorResponse"] : []);
  if (bodies.length === 0) throw new Error("has neither a schema nor a media type");
  const refs = bodies.map((name) => ({ $ref: refTo(name) }));
  const schema = refs.length === 1 ? refs[0] : { anyOf: refs };
  return { ...described, content: { "application/json": { schema } } };
}
