import type { Context, MiddlewareHandler } from "hono";
import { z } from "zod";
import { uuid } from "../store/ids.ts";
import type { Grant } from "../store/store.ts";
import type { RequestLogEntry, World } from "../store/world.ts";
import { log, now } from "../store/world.ts";
import type { Body } from "./body.ts";
import { loggedBody, readBody } from "./body.ts";
import { ApiError, ConnectionReset, errorBody, invalidRequest } from "./errors.ts";

export interface Api {
  Variables: { requestId: string; body: Body };
}

/** Routes under /v3/grants/:grant. */
export interface GrantApi {
  Variables: Api["Variables"] & { grant: Grant };
}

/** Assigns a request id, reads the body, and logs the request. */
export function recordRequests(world: World): MiddlewareHandler<Api> {
  return async (c, next) => {
    c.set("requestId", uuid(world.store));
    const url = new URL(c.req.url);
    const body = await readBody(c.req.raw);
    c.set("body", body);
    const entry: RequestLogEntry = {
      at: now(world),
      method: c.req.method,
      path: url.pathname,
      query: Object.fromEntries(url.searchParams),
      status: null,
      body: loggedBody(body),
      idempotencyKey: c.req.header("idempotency-key") ?? null,
    };
    log(world.requests, entry);
    await next();
    if (c.error instanceof ConnectionReset) return;
    if (!c.req.raw.signal.aborted) entry.status = c.res.status;
    c.res.headers.set("x-request-id", c.get("requestId"));
    c.res.headers.set("x-fastly-id", c.get("requestId").replaceAll("-", ""));
  };
}

/** Answers 401 unless the request carries the application's API key. */
export function requireApiKey(apiKey: string): MiddlewareHandler<Api> {
  return async (c, next) => {
    if (c.req.header("authorization") !== `Bearer ${apiKey}`) {
      throw new ApiError(401, "unauthorized", "Unauthorized");
    }
    await next();
  };
}

/** The body as a JSON object. @throws ApiError 400 for any other body */
export function jsonObject(body: Body): Record<string, unknown> {
  if (body.kind !== "json" || !isObject(body.value)) {
    throw invalidRequest("error parsing request body");
  }
  return body.value;
}

/** The body as parsed by the schema. @throws ApiError 400 if it does not match */
export function validBody<T extends z.ZodType>(body: Body, schema: T): z.infer<T> {
  const parsed = schema.safeParse(jsonObject(body));
  if (!parsed.success) throw invalidRequest(z.prettifyError(parsed.error));
  return parsed.data;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** A query parameter as a whole number, or the default. @throws ApiError 400 if it is out of bounds */
export function wholeNumber(
  text: string | undefined,
  { name, min, max, otherwise }: { name: string; min: number; max: number; otherwise: number },
): number {
  if (text === undefined) return otherwise;
  const value = Number(text);
  if (/^\d+$/.test(text) && value >= min && value <= max) return value;
  throw invalidRequest(`${name} must be a whole number from ${min} to ${max}`);
}

/** Turns an error into an API response. A connection reset is thrown on, since it has no response. */
export function answerError(error: Error, c: Context<Api>): Response {
  if (error instanceof ConnectionReset) throw error;
  const failure = error instanceof ApiError ? error : new ApiError(500, "api.internal_error", error.message);
  // A bug of the stand-in. The client only gets a 500, so log it here.
  if (failure !== error && !c.req.raw.signal.aborted) console.error(error);
  return c.json(errorBody(c.get("requestId"), failure), failure.status, failure.headers);
}
