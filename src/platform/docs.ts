// What the OpenAPI document says about routes besides their schemas. Only types: the texts are in the routes.docs.ts
// beside each routes.ts, which nothing but the generator (dev/openapi) imports.

/** A JSON Schema (2020-12), written by hand where no zod schema validates. */
export interface JsonSchema {
  [keyword: string]: unknown;
}

/** A parameter that the route reads without a schema. */
export interface ParameterDoc {
  in: "query" | "header";
  name: string;
  description: string;
  required?: boolean;
  schema?: JsonSchema;
}

/** A request body that is not JSON, or that a signature protects. */
export interface BodyDoc {
  /** The media type. */
  type: string;
  schema: JsonSchema;
  description?: string;
}

/** One possible response. What it leaves out follows from the route. */
export interface ResponseDoc {
  /** When a client gets it, or what it holds. That of a derived error is added to it. */
  description?: string;
  /** Media type of a response that is not JSON. */
  type?: string;
  /** Names of schemas in responses.ts. The body has one of them. An error is an ErrorResponse by default. */
  schemas?: string[];
  /** Response headers besides those of every response: names in the generator's list. */
  headers?: string[];
}

/** One route. */
export interface RouteDoc {
  /** The operationId: unique, camelCase, begins with a verb. */
  id: string;
  summary: string;
  description?: string;
  /** True for a route that reads `If-Match`. */
  ifMatch?: boolean;
  parameters?: ParameterDoc[];
  body?: BodyDoc;
  /** Names of the security schemes of an open route. Each is enough. */
  security?: string[];
  /** True for a route that answers without any of them as well. */
  isOpenToAll?: boolean;
  /** By status: a text for a declared one, or another that the route's own code responds with. */
  responses?: Record<number, string | ResponseDoc>;
}

/** The routes of a routes.ts, by `METHOD /path` as the route table of the tests has them. */
export type RouteDocs = Record<string, RouteDoc>;

/** An event of the live feed. */
export interface EventDoc {
  description: string;
  /** The name of its data's schema in responses.ts. */
  data: string;
}
