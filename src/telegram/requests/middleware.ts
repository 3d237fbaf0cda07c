import type { Context, MiddlewareHandler } from "hono";
import type * as z from "zod/mini";
import { type Issue, invalid, ServiceError } from "../../lib/errors.ts";
import { findExcess } from "../../lib/json-shape.ts";
import { boundaryOf, isMultipart, parseMultipart, readField } from "../../lib/multipart.ts";
import { readCapped } from "../../lib/read-capped.ts";
import { declarePart, isJson, type Validated } from "../../platform/validation.ts";
import { unreadable } from "../errors.ts";
import { typeName } from "../fields.ts";

// Every write takes JSON, a form, or multipart/form-data, as Django REST framework does.

const MAX_BYTES = 256 * 1024;
const MAX_FIELDS = 100;
const JSON_LIMITS = { depth: 8, values: 20_000 };

/** The fields of a body by name. */
export type Fields = Record<string, unknown>;

/**
 * Makes the middleware that reads and validates a body: `c.req.valid("json")` has the result. An empty body has no fields.
 * @throws ServiceError invalid, with every bad field; unsupported_type for another type of body
 */
export function body<Schema extends z.ZodMiniType>(
  schema: () => Schema,
): MiddlewareHandler<object, string, Validated<"json", Schema>> {
  const read: MiddlewareHandler<object, string, Validated<"json", Schema>> = async (c, next) => {
    c.req.addValidatedData("json", validate(schema, await readFields(c)) as object);
    await next();
  };
  declarePart(read, { target: "json", schema, needed: true });
  return read;
}

/** Validates fields. @throws ServiceError invalid, with every bad field in Django REST framework's words */
export function validate<Schema extends z.ZodMiniType>(
  schema: () => Schema,
  fields: Fields,
): z.output<Schema> {
  const { data, error } = schema().safeParse(fields);
  if (!error) return data;
  const issues = error.issues.map((issue) => issueOf(issue, fields));
  throw invalid(issues[0]?.message ?? "Invalid data.", issues);
}

function issueOf({ path, message }: z.core.$ZodIssue, fields: Fields): Issue {
  const value = path.reduce((found: unknown, key) => Object(found)[key], fields);
  const isAbsent = path.length > 0 && value === undefined;
  const sentence = isAbsent
    ? "This field is required."
    : value === null
      ? "This field may not be null."
      : message;
  return { path: path.map(String).join("."), message: sentence };
}

async function readFields(c: Context): Promise<Fields> {
  const type = c.req.header("content-type") ?? "";
  if (isMultipart(type)) return readMultipart(c, type);
  const bytes = await readCapped(c.req.raw.body, MAX_BYTES);
  if (bytes.length === 0) return {};
  if (isJson(type)) return readJson(bytes);
  if (/^application\/x-www-form-urlencoded\b/i.test(type)) return readForm(bytes);
  throw unsupportedType(type);
}

/** The refusal of a body of another type. */
export const unsupportedType = (type: string): ServiceError =>
  new ServiceError("unsupported_type", `Unsupported media type "${type.slice(0, 100)}" in request.`);

/** Reads the fields of a JSON object. @throws ServiceError invalid */
export function readJson(bytes: Uint8Array): Fields {
  const value = parse(bytes);
  if (value === null) throw invalid("No data provided");
  if (typeof value !== "object" || Array.isArray(value))
    throw invalid(`Invalid data. Expected a dictionary, but got ${typeName(value)}.`);
  return value as Fields;
}

function parse(bytes: Uint8Array): unknown {
  try {
    const text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: false }).decode(bytes);
    const excess = findExcess(text, JSON_LIMITS);
    if (excess) throw new Error(excess);
    return JSON.parse(text);
  } catch (error) {
    throw unreadable("JSON parse error", error);
  }
}

/** Reads the fields of an URL-encoded form. @throws ServiceError invalid */
export function readForm(bytes: Uint8Array): Fields {
  const fields: Fields = {};
  for (const [name, value] of new URLSearchParams(new TextDecoder().decode(bytes)))
    addField(fields, name, value);
  return fields;
}

async function readMultipart(c: Context, type: string): Promise<Fields> {
  const fields: Fields = {};
  for await (const part of parseMultipart(bodyOf(c), boundary(type), MAX_BYTES))
    if (part.filename === null) addField(fields, part.name, await readField(part, MAX_BYTES));
  return fields;
}

/** The boundary of a multipart body. @throws ServiceError invalid */
export function boundary(type: string): string {
  try {
    return boundaryOf(type);
  } catch (error) {
    throw unreadable("Multipart form parse error - Invalid boundary in multipart", error);
  }
}

/** The body of a request as a stream. */
export const bodyOf = (c: Context): ReadableStream<Uint8Array> => c.req.raw.body ?? new Blob([]).stream();

/** Adds a field of a form. One that occurs several times is a list. @throws ServiceError invalid for too many fields */
export function addField(fields: Fields, name: string, value: unknown): void {
  if (Object.keys(fields).length >= MAX_FIELDS) throw invalid(`The form has more than ${MAX_FIELDS} fields.`);
  if (name === "__proto__") return;
  fields[name] = Object.hasOwn(fields, name) ? [fields[name], value].flat() : value;
}
