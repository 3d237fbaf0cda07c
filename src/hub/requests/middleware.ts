import type { Context, MiddlewareHandler } from "hono";
import { createMiddleware } from "hono/factory";
import type * as z from "zod/mini";
import { type Issue, invalid, notFound } from "../../lib/errors.ts";
import { addField, type Fields, readForm } from "../../lib/form.ts";
import { findExcess } from "../../lib/json-shape.ts";
import { boundaryOf, isMultipart, parseMultipart, readField } from "../../lib/multipart.ts";
import { readCapped } from "../../lib/read-capped.ts";
import { publicUrl } from "../../platform/front.ts";
import { declarePart, isJson, type Validated } from "../../platform/validation.ts";
import { NAME } from "../config.ts";
import type { HubEnv, OpenEnv } from "../context.ts";
import { countUse, type Scope } from "../limits.ts";
import { DEFAULT_SIZE, type Found, MAX_OFFSET, type Page } from "../lists.ts";
import type { FileKind } from "../media/kinds.ts";
import { storeFile } from "../media/store.ts";

// Every write takes JSON, a form, or multipart/form-data (contract, line 1494: even a file's example is in JSON).

const MAX_BYTES = 1024 * 1024;
const MAX_FIELD_BYTES = 100_000;
const JSON_LIMITS = { depth: 8, values: 2000 };
/** Of a request with files: each file has a limit of its own. */
const MAX_FORM_BYTES = 210 * 1024 * 1024;

/** The fields that take files, by name, and what each takes. Several files of one field are a list. */
export type FileFields = Record<string, { kind: FileKind; most: number }>;

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

async function readMultipart(c: Context<HubEnv>, boundary: string, files: FileFields): Promise<Fields> {
  const fields: Fields = {};
  if (!c.req.raw.body) return fields;
  for await (const part of parseMultipart(c.req.raw.body, boundary, MAX_FORM_BYTES)) {
    const wanted = Object.hasOwn(files, part.name) ? files[part.name] : undefined;
    if (part.filename === "") continue; // a browser's field without a choice
    if (part.filename === null) addField(fields, part.name, await readField(part, MAX_FIELD_BYTES));
    else if (wanted) {
      if (listOf(fields[part.name]).length >= wanted.most)
        throw refusal([{ path: part.name, message: excess(wanted.most) }]);
      addField(fields, part.name, await storeFile(c.var.ctx, part, wanted.kind));
    }
  }
  return fields;
}

const excess = (most: number): string => (most === 0 ? "No file is taken here." : `At most ${most} files.`);

const listOf = (value: unknown): unknown[] => (value === undefined ? [] : [value].flat());

/** In the words of Django REST framework, which clients of the contract know. */
function issueOf({ path, message }: z.core.$ZodIssue, fields: Fields): Issue {
  const [field] = path;
  const isMissing = field !== undefined && fields[String(field)] === undefined;
  return { path: path.map(String).join("."), message: isMissing ? "This field is required." : message };
}

const refusal = (issues: Issue[]) => invalid(issues[0]?.message ?? "Invalid request data", issues);

/** Limits a route by who is signed in, else by address. @throws ServiceError rate_limited */
export const limit = (scope: Scope) =>
  createMiddleware<OpenEnv>(async (c, next) => {
    const { ctx } = c.var;
    await countUse(ctx, scope, ctx.user ? String(ctx.user.id) : ctx.address);
    await next();
  });

/**
 * Answers with a list. A bare array that was cut says by `Link` where the rest is.
 * @param found the items from `offset`: at most `limit`, with the total of the list
 * @throws ServiceError not_found for a page past the end, as Django REST framework answers
 */
export function sendList<Item>(c: Context, page: Page, { items, total }: Found<Item>) {
  const { limit, offset, isPaged } = page;
  const urlOf = (number: number): string => {
    const url = publicUrl(c.req.url, c.env, NAME);
    url.searchParams.set("page", String(number));
    return url.href;
  };
  if (!isPaged) {
    const isCut = total > items.length;
    // Pages are shorter than the array: the first page that has something new.
    const next = Math.floor(items.length / DEFAULT_SIZE) + 1;
    return c.json(items, 200, isCut ? { link: `<${urlOf(next)}>; rel="next"` } : {});
  }
  const number = offset / limit + 1;
  if (number > 1 && offset >= total) throw notFound("Page");
  return c.json({
    count: total,
    next: offset + limit < Math.min(total, MAX_OFFSET + 1) ? urlOf(number + 1) : null,
    previous: number > 1 ? urlOf(number - 1) : null,
    results: items,
  });
}
