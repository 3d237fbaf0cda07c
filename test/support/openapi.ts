import { dereference, type Schema, validate } from "@cfworker/json-schema";
import ems from "../../openapi.json";
import telegram from "../../telegram.openapi.json";

interface Content {
  schema: Schema;
}

export interface Declared {
  headers: Record<string, { required?: boolean; schema: Schema }>;
  content?: Record<string, Content>;
}

export interface Operation {
  method: string;
  pattern: RegExp;
  name: string;
  responses: Record<string, Declared>;
  events?: Record<string, { data: Schema }>;
}

/** A document that answers are held against. */
export interface Document {
  operations: Operation[];
  /** The responses to what is no operation: to an unknown path or method, and, over a limit, to any request. */
  others: Record<string, Declared>;
  /** The validity of a value under a schema of the document, as faults. */
  faultsOf(value: unknown, schema: Schema): string[];
  // biome-ignore lint/suspicious/noExplicitAny: the generator's tests know its shape
  content: any;
}

// A parameter of `/files/{key}` has slashes; each of the others is one segment.
const toPattern = (path: string): RegExp =>
  new RegExp(`^${path.replaceAll("{key}", ".+").replace(/\{\w+\}/g, "[^/]+")}/?$`);

/** @param errors the schemas of the responses to what is no operation, by status */
function readDocument(name: string, document: object, errors: Record<string, string>): Document {
  const self = `https://xabar.test/${name}`;
  const content = JSON.parse(
    JSON.stringify(document).replaceAll('"#/components/schemas/', `"${self}#/$defs/`),
  );
  const { paths, components } = content;
  const lookup = dereference({ $id: self, $defs: components.schemas });

  /** Replaces `{$ref: "#/components/…/<name>"}` by what it refers to. */
  const resolve = <T>(value: T | { $ref: string }, kind: string): T =>
    value !== null && typeof value === "object" && "$ref" in value
      ? components[kind][value.$ref.split("/").at(-1)!]
      : value;

  const toDeclared = (response: Declared): Declared => {
    const { headers = {}, content } = resolve(response, "responses");
    const named = Object.entries(headers).map(([name, each]) => [
      name.toLowerCase(),
      resolve(each, "headers"),
    ]);
    return { headers: Object.fromEntries(named), ...(content ? { content } : {}) };
  };

  const operations: Operation[] = Object.entries<
    Record<string, Operation & { "x-events"?: Operation["events"] }>
  >(paths)
    // A fixed segment goes before a parameter.
    .sort(([a], [b]) => (a.replaceAll("{", "~") < b.replaceAll("{", "~") ? -1 : 1))
    .flatMap(([path, methods]) =>
      Object.entries(methods).map(([method, { responses, "x-events": events }]) => ({
        method: method.toUpperCase(),
        pattern: toPattern(path),
        name: `${method.toUpperCase()} ${path}`,
        responses: Object.fromEntries(
          Object.entries(responses).map(([status, response]) => [status, toDeclared(response)]),
        ),
        ...(events ? { events } : {}),
      })),
    );

  const headers = {
    ...toDeclared(components.responses.Unauthenticated).headers,
    ...toDeclared(components.responses.TooManyRequests).headers,
  };
  const others = Object.fromEntries(
    Object.entries(errors).map(([status, schema]) => [
      status,
      { headers, content: { "application/json": { schema: { $ref: `${self}#/$defs/${schema}` } } } },
    ]),
  );

  function faultsOf(value: unknown, schema: Schema): string[] {
    schema.$id ??= `https://xabar.test/schemas/${crypto.randomUUID()}`;
    if (!lookup[schema.$id]) dereference(schema, lookup);
    const { errors } = validate(value, schema, "2020-12", lookup, false);
    // Not the schemas around the one that failed.
    const isInner = (at: string) =>
      !errors.some(({ instanceLocation }) => instanceLocation.startsWith(`${at}/`));
    return errors
      .filter(({ instanceLocation, keyword }) => keyword !== "$ref" && isInner(instanceLocation))
      .map(({ instanceLocation, error }) => `${instanceLocation}: ${error}`);
  }

  return { operations, others, faultsOf, content };
}

/** Of the EMS, and of the routes of the Worker itself. */
export const EMS = readDocument("openapi.json", ems, {
  400: "InvalidResponse",
  401: "ErrorResponse",
  404: "ErrorResponse",
  405: "ErrorResponse",
  429: "ErrorResponse",
});

/** Of Telegram auto-mailing. */
export const TELEGRAM = readDocument("telegram.openapi.json", telegram, {
  400: "InvalidResponse",
  401: "RefusedResponse",
  404: "MissingResponse",
  405: "RefusedResponse",
  429: "RefusedResponse",
});
