import type { Hono } from "hono";
import type { EventDoc, JsonSchema, ParameterDoc, RouteDoc, RouteDocs } from "../../src/platform/docs.ts";
import { type Conventions, HEADERS, responsesOf, sharedResponses } from "./answers.ts";
import { type Middleware, type Route, routesOf } from "./routes.ts";
import { Converter, type NamedSchemas, parametersOf, refTo } from "./schemas.ts";

/** A module, as its files describe it. */
export interface Described {
  title: string;
  description: string;
  version: string;
  apps: Pick<Hono, "routes">[];
  middleware: Middleware;
  conventions: Conventions;
  /** Security schemes besides `bearer`, and those that every guarded route takes. */
  security: Record<string, JsonSchema>;
  guards: Record<string, []>[];
  /** The media types that every body may have; JSON alone by default. */
  bodyTypes?: string[];
  docs: RouteDocs;
  events: Record<string, EventDoc>;
  schemas: NamedSchemas;
  /** Recorded bodies by what they show: `GET /inbox 200`, `POST /drafts request`, `event presence`. */
  examples: Record<string, unknown>;
}

/** An OpenAPI 3.1 document. */
export interface Document {
  openapi: string;
  paths: Record<string, Record<string, JsonSchema>>;
  components: Components & { securitySchemes: Record<string, JsonSchema> };
  [name: string]: unknown;
}

/**
 * Describes a module's routes.
 * @throws Error for a route without an entry in a routes.docs.ts, or an entry without a route
 */
export function describe(module: Described): Document {
  const routes = module.apps.flatMap((app) => routesOf(app, module.middleware));
  requireSame(
    routes.map(({ key }) => key),
    Object.keys(module.docs),
  );
  const converter = new Converter(module.schemas);
  const paths: Document["paths"] = {};
  for (const route of routes) {
    const path = withoutRules(route.path).replace(/:(\w+)/g, "{$1}");
    paths[path] ??= {};
    const operation = toOperation(route, module.docs[route.key]!, module, converter);
    addExamples(`${route.method} ${path}`, operation, module.examples);
    paths[path][route.method.toLowerCase()] = operation;
  }
  const all = {
    schemas: converter.components(),
    headers: HEADERS,
    responses: sharedResponses(module.conventions, module.examples),
  };
  return {
    openapi: "3.1.1",
    info: { title: module.title, version: module.version, description: module.description, license: MIT },
    servers: [{ url: "/" }],
    security: module.guards,
    tags: [...new Set(routes.map(tagOf))].sort().map((name) => ({ name })),
    paths: Object.fromEntries(Object.entries(paths).sort(byName)),
    components: { ...usedBy(paths, all), securitySchemes: securityOf(module) },
  };
}

const MIT = { name: "MIT", identifier: "MIT" };

const securityOf = ({ conventions, security }: Described): Record<string, JsonSchema> => ({
  bearer: { type: "http", scheme: "bearer", bearerFormat: "JWT", description: conventions.bearer },
  ...security,
});

function requireSame(routes: string[], documented: string[]): void {
  const missing = routes.filter((key) => !documented.includes(key));
  const left = documented.filter((key) => !routes.includes(key));
  if (missing.length) throw new Error(`Not described in a routes.docs.ts: ${missing.join(", ")}`);
  if (left.length) throw new Error(`Described in a routes.docs.ts, but no route: ${left.join(", ")}`);
}

/** A path without the rules of its parameters, which may have quantifiers. */
const withoutRules = (path: string): string => path.replace(/\{(?:[^{}]|\{[^{}]*\})*\}/g, "");

/** The first segment of its path that says what it is about: "Inbox". */
const tagOf = ({ path }: Route): string => {
  const [first = "", ...rest] = path.split("/").slice(1);
  const name = (first === "api" && rest.find((segment) => !segment.startsWith(":"))) || first;
  return name === "sse" ? "Events" : name.replace(/^./, (letter) => letter.toUpperCase());
};

function toOperation(route: Route, doc: RouteDoc, module: Described, converter: Converter): JsonSchema {
  const { id, summary, description, security = [], isOpenToAll } = doc;
  const parameters = [
    ...declared(route),
    ...(doc.parameters ?? []).map(toParameter),
    ...headersOf(route, doc),
  ];
  const body = bodyOf(route, doc, converter, module.bodyTypes);
  const responses = responsesOf(module.conventions, route, doc.responses);
  return {
    operationId: id,
    summary,
    ...(description ? { description } : {}),
    tags: [tagOf(route)],
    ...(route.isAuthenticated
      ? {}
      : { security: [...(isOpenToAll ? [{}] : []), ...security.map((name) => ({ [name]: [] }))] }),
    ...(parameters.length ? { parameters } : {}),
    ...(body ? { requestBody: body } : {}),
    responses,
    ...(isStream(responses) ? { "x-events": eventsOf(module) } : {}),
  };
}

/** Adds the recorded examples to an operation. @param name `METHOD /path` as in the document */
function addExamples(name: string, operation: JsonSchema, examples: Described["examples"]): void {
  const add = (part: JsonSchema | undefined, key: string | undefined) => {
    const content = (part?.content as Record<string, JsonSchema> | undefined)?.["application/json"];
    if (content && key !== undefined && key in examples) content.example = examples[key];
  };
  add(operation.requestBody as JsonSchema | undefined, `${name} request`);
  const responses = operation.responses as Record<string, JsonSchema>;
  const root = /\/[\w-]+/.exec(name)?.[0];
  for (const [status, response] of Object.entries(responses)) {
    const own = `${name} ${status}`;
    // An answer that no suite gets from this route is shown by one of a route beside it.
    const beside = Object.keys(examples).find(
      (key) => key.includes(` ${root}`) && key.endsWith(` ${status}`),
    );
    add(response, own in examples || Number(status) < 202 ? own : beside);
  }
}

/** The parameters that the route's schemas validate, and those of its path that no schema does. */
function declared({ path, parts }: Route): JsonSchema[] {
  const found = parts.flatMap(({ target, schema }) =>
    target === "json"
      ? []
      : parametersOf(schema()).map(({ name, required, schema }) => ({
          name,
          in: target === "param" ? "path" : "query",
          ...(required || target === "param" ? { required: true } : {}),
          schema,
        })),
  );
  const named = [...path.matchAll(/:(\w+)/g)].map(([, name = ""]) => name);
  const free = named.filter((name) => !found.some((each) => each.name === name));
  return [
    ...free.map((name) => ({ name, in: "path", required: true, schema: { type: "string" } })),
    ...found,
  ];
}

const toParameter = ({ schema = { type: "string" }, ...rest }: ParameterDoc): JsonSchema => ({
  ...rest,
  schema,
});

const IF_MATCH: ParameterDoc = {
  in: "header",
  name: "If-Match",
  description: 'The version that you have seen, such as `"7"`. With another version nothing is changed: 409.',
};

const IDEMPOTENCY_KEY: ParameterDoc = {
  in: "header",
  name: "Idempotency-Key",
  description:
    "1 to 255 visible ASCII characters. For 24 hours, a repeated request with the same key gets the first response.",
  schema: { type: "string", minLength: 1, maxLength: 255 },
};

const headersOf = ({ isIdempotent }: Route, { ifMatch }: RouteDoc): JsonSchema[] => [
  ...(ifMatch ? [toParameter(IF_MATCH)] : []),
  ...(isIdempotent ? [toParameter(IDEMPOTENCY_KEY)] : []),
];

function bodyOf(
  { parts }: Route,
  { body }: RouteDoc,
  converter: Converter,
  types = ["application/json"],
): JsonSchema | undefined {
  if (body) {
    const { type, schema, description } = body;
    return { required: true, ...(description ? { description } : {}), content: { [type]: { schema } } };
  }
  const part = parts.find(({ target }) => target === "json");
  if (!part) return undefined;
  const schema = { $ref: refTo(converter.nameOf(part.schema())) };
  // Tools show the first type: JSON, or for files multipart/form-data.
  const ordered = converter.hasFile(part.schema()) ? types.toReversed() : types;
  return { required: part.needed, content: Object.fromEntries(ordered.map((type) => [type, { schema }])) };
}

const isStream = (responses: Record<string, JsonSchema>): boolean =>
  "text/event-stream" in ((responses[200]?.content as object | undefined) ?? {});

const eventsOf = ({ events, examples }: Described): JsonSchema =>
  Object.fromEntries(
    Object.entries(events).map(([name, { description, data }]) => {
      const example = examples[`event ${name}`];
      return [name, { description, data: { $ref: refTo(data) }, ...(example ? { example } : {}) }];
    }),
  );

type Components = Record<"schemas" | "headers" | "responses", Record<string, JsonSchema>>;

/** The components that the paths refer to. */
function usedBy(paths: Document["paths"], all: Components): Components {
  const used: Components = { schemas: {}, headers: {}, responses: {} };
  const visit = (value: unknown): void => {
    for (const [, kind, name = ""] of JSON.stringify(value).matchAll(REFERENCE)) {
      const [from, to] = [all[kind as keyof Components], used[kind as keyof Components]];
      if (!from[name]) throw new Error(`There is no ${name} among the ${kind}`);
      if (to[name]) continue;
      to[name] = from[name];
      visit(from[name]);
    }
  };
  visit(paths);
  const sorted = (some: Record<string, JsonSchema>) => Object.fromEntries(Object.entries(some).sort(byName));
  return {
    schemas: sorted(used.schemas),
    headers: sorted(used.headers),
    responses: sorted(used.responses),
  };
}

const REFERENCE = /"\$ref":"#\/components\/(schemas|headers|responses)\/([^"]+)"/g;

const byName = ([a]: [string, unknown], [b]: [string, unknown]): number => (a < b ? -1 : 1);
