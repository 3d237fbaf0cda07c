import type { Context, MiddlewareHandler } from "hono";
import * as z from "zod/mini";
import { type Issue, invalid } from "../lib/errors.ts";
import { findExcess } from "../lib/json-shape.ts";
import { lazy } from "../lib/lazy.ts";
import { boundaryOf, isMultipart, parseMultipart, readField } from "../lib/multipart.ts";
import { readCapped } from "../lib/read-capped.ts";
import { declarePart, isJson, type Validated } from "../platform/validation.ts";
import type { HubEnv } from "./context.ts";
import type { FileKind } from "./media/kinds.ts";
import { StoredFile, storeFile } from "./media/store.ts";

// Every write takes JSON, a form, or multipart/form-data (contract, line 1494: even a file's example is in JSON).

const MAX_BYTES = 1024 * 1024;
const MAX_FIELD_BYTES = 100_000;
const MAX_FIELDS = 100;
const JSON_LIMITS = { depth: 8, values: 2000 };
/** Of a request with files: each file has a limit of its own. */
const MAX_FORM_BYTES = 210 * 1024 * 1024;

type Fields = Record<string, unknown>;

/** The fields that take files, by name, and what each takes. Several files of one field are a list. */
export type FileFields = Record<string, { kind: FileKind; most: number }>;

/** A file that has been stored. Security: a class, so that no JSON can pretend to be one. */
export const storedFile = lazy(() =>
  z.instanceof(StoredFile, {
    error: "The submitted data was not a file. Check the encoding type on the form.",
  }),
);

/**
 * Makes the middleware that reads and validates a body of any of the three kinds.
 * @param files the fields with files: they are stored before the handler runs, and go after a day if nothing uses them
 * @throws ServiceError invalid, with every bad field
 */
export function body<Schema extends z.ZodMiniType>(
  schema: () => Schema,
  files: FileFields = {},
): MiddlewareHandler<HubEnv, string, Validated<"json", Schema>> {
  const read: MiddlewareHandler<HubEnv, string, Validated<"json", Schema>> = async (c, next) => {
    const fields = await readFields(c, files);
    const { data, error } = schema().safeParse(fields);
    if (error) throw refusal(error.issues.map((issue) => issueOf(issue, fields)));
    c.req.addValidatedData("json", data as object);
    await next();
  };
  declarePart(read, { target: "json", schema, needed: true });
  return read;
}

async function readFields(c: Context<HubEnv>, files: FileFields): Promise<Fields> {
  const type = c.req.header("content-type") ?? "";
  if (isMultipart(type)) return readMultipart(c, boundaryOf(type), files);
  const text = new TextDecoder().decode(await readCapped(c.req.raw.body, MAX_BYTES));
  if (text.trim() === "") return {};
  if (isJson(type)) return readJson(text);
  if (/^application\/x-www-form-urlencoded\b/i.test(type)) return readForm(text);
  throw invalid("The body must be JSON, a form, or multipart/form-data.");
}

function readJson(text: string): Fields {
  const excess = findExcess(text, JSON_LIMITS);
  if (excess) throw invalid(`The body ${excess}.`);
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw invalid("JSON parse error.");
  }
  if (typeof value !== "object" || value === null || Array.isArray(value))
    throw invalid("Invalid data. Expected a dictionary.");
  return value as Fields;
}

function readForm(text: string): Fields {
  const fields: Fields = {};
  for (const [name, value] of new URLSearchParams(text)) add(fields, name, value);
  return fields;
}

async function readMultipart(c: Context<HubEnv>, boundary: string, files: FileFields): Promise<Fields> {
  const fields: Fields = {};
  if (!c.req.raw.body) return fields;
  for await (const part of parseMultipart(c.req.raw.body, boundary, MAX_FORM_BYTES)) {
    const wanted = Object.hasOwn(files, part.name) ? files[part.name] : undefined;
    if (part.filename === "") continue; // a browser's field without a choice
    if (part.filename === null) add(fields, part.name, await readField(part, MAX_FIELD_BYTES));
    else if (wanted) {
      if (listOf(fields[part.name]).length >= wanted.most)
        throw refusal([{ path: part.name, message: excess(wanted.most) }]);
      add(fields, part.name, await storeFile(c.var.ctx, part, wanted.kind));
    }
  }
  return fields;
}

const excess = (most: number): string => (most === 0 ? "No file is taken here." : `At most ${most} files.`);

/** A field that occurs several times is a list. */
function add(fields: Fields, name: string, value: unknown): void {
  if (Object.keys(fields).length >= MAX_FIELDS) throw invalid(`The form has more than ${MAX_FIELDS} fields.`);
  if (name === "__proto__") return;
  fields[name] = Object.hasOwn(fields, name) ? [...listOf(fields[name]), value] : value;
}

const listOf = (value: unknown): unknown[] => (value === undefined ? [] : [value].flat());

/** In the words of Django REST framework, which clients of the contract know. */
function issueOf({ path, message }: z.core.$ZodIssue, fields: Fields): Issue {
  const [field] = path;
  const isMissing = field !== undefined && fields[String(field)] === undefined;
  return { path: path.map(String).join("."), message: isMissing ? "This field is required." : message };
}

const refusal = (issues: Issue[]) => invalid(issues[0]?.message ?? "Invalid request data", issues);
