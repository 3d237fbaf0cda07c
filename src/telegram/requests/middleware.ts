import type { Context, MiddlewareHandler } from "hono";
import type * as z from "zod/mini";
import { type Issue, invalid, ServiceError } from "../../lib/errors.ts";
import { addField, type Fields, readForm } from "../../lib/form.ts";
import { findExcess } from "../../lib/json-shape.ts";
import { boundaryOf, isMultipart, type Part, parseMultipart, readField } from "../../lib/multipart.ts";
import { readCapped } from "../../lib/read-capped.ts";
import { declarePart, isJson, type Validated } from "../../platform/validation.ts";
import type { UserCtx, UserEnv } from "../context.ts";
import { unreadable } from "../errors.ts";
import { typeName } from "../fields.ts";

// Every write takes JSON, a form, or multipart/form-data, as Django REST framework does.

const MAX_BYTES = 256 * 1024;
/** Of a form with a file, which has a limit of its own. */
const MAX_FORM_BYTES = 52 * 1024 * 1024;
const MAX_FIELD_BYTES = 64 * 1024;
/** The value of a field that takes no file: no schema takes it. */
const UNWANTED_FILE = {};
const JSON_LIMITS = { depth: 8, values: 20_000 };

type Body<E extends object, Schema extends z.ZodMiniType> = MiddlewareHandler<
  E,
  string,
  Validated<"json", Schema>
>;

/** Stores a file of a form. @returns the value of its field; undefined for a field that takes no file */
type Store = (ctx: UserCtx, part: Part) => Promise<object | undefined>;

/**
 * Makes the middleware that reads and validates a body: `c.req.valid("json")` has the result. An empty body has no fields.
 * @throws ServiceError invalid, with every bad field; unsupported_type for another type of body
 */
export function body<Schema extends z.ZodMiniType>(schema: () => Schema): Body<object, Schema> {
  return reading(schema, readFields);
}

/** The same for a body that may have files. They are stored before the handler runs. */
export function bodyWithFiles<Schema extends z.ZodMiniType>(
  schema: () => Schema,
  store: Store,
): Body<UserEnv, Schema> {
  return reading<UserEnv, Schema>(schema, (c) => readFields(c, (part) => store(c.var.ctx, part)));
}

function reading<E extends object, Schema extends z.ZodMiniType>(
  schema: () => Schema,
  fieldsOf: (c: Context<E>) => Promise<Fields>,
): Body<E, Schema> {
  const read: Body<E, Schema> = async (c, next) => {
    c.req.addValidatedData("json", validate(schema, await fieldsOf(c)) as object);
    await next();
  };
  declarePart(read, { target: "json", schema, needed: true });
  return read;
}

/** In the words of Django REST framework. */
function validate<Schema extends z.ZodMiniType>(schema: () => Schema, fields: Fields): z.output<Schema> {
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

async function readFields(c: Context, store?: (part: Part) => Promise<object | undefined>): Promise<Fields> {
  const type = c.req.header("content-type") ?? "";
  const stream = c.req.raw.body;
  if (isMultipart(type)) return stream ? readMultipart(stream, type, store) : {};
  const bytes = await readCapped(stream, MAX_BYTES);
  if (bytes.length === 0) return {};
  if (isJson(type)) return readJson(bytes);
  if (/^application\/x-www-form-urlencoded\b/i.test(type)) return readForm(new TextDecoder().decode(bytes));
  throw new ServiceError("unsupported_type", `Unsupported media type "${type.slice(0, 100)}" in request.`);
}

function readJson(bytes: Uint8Array): Fields {
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

async function readMultipart(
  stream: ReadableStream<Uint8Array>,
  type: string,
  store?: (part: Part) => Promise<object | undefined>,
): Promise<Fields> {
  const fields: Fields = {};
  try {
    for await (const part of parseMultipart(stream, boundaryOf(type), store ? MAX_FORM_BYTES : MAX_BYTES)) {
      if (part.filename === "") continue; // a browser's field without a choice
      const value = part.filename === null ? await readField(part, MAX_FIELD_BYTES) : await store?.(part);
      addField(fields, part.name, value ?? UNWANTED_FILE);
    }
  } catch (error) {
    // What has issues is about a field.
    const isForm = error instanceof ServiceError && error.code === "invalid" && error.issues.length === 0;
    throw isForm ? unreadable(`Multipart form parse error - ${error.message}`, error) : error;
  }
  return fields;
}
