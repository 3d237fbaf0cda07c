import type { Context } from "hono";
import type { Account } from "../account.ts";
import type { Runtime } from "../runtime.ts";

/** What routes get beside the request. */
export interface Api {
  Variables: { account: Account; runtime: Runtime };
}

/** A refusal in Cloudflare's shape. The codes are those that wrangler and Cloudflare's documentation name. */
export class Refusal extends Error {
  readonly status: 400 | 401 | 403 | 404 | 409 | 500 | 503;
  readonly code: number;

  constructor(status: Refusal["status"], code: number, message: string) {
    super(message);
    this.status = status;
    this.code = code;
  }
}

/** The envelope of every answer. */
export const envelope = (result: unknown, rest: object = {}) => ({
  success: true,
  errors: [],
  messages: [],
  result,
  ...rest,
});

export const succeed = (c: Context<Api>, result: unknown): Response => c.json(envelope(result));

/** Answers a page of a list, by `page` and `per_page`. */
export function succeedWithPage(c: Context<Api>, all: unknown[], defaultSize: number): Response {
  const page = Number(c.req.query("page") ?? 1);
  const per_page = Number(c.req.query("per_page") ?? defaultSize);
  const result = all.slice((page - 1) * per_page, page * per_page);
  const result_info = { page, per_page, count: result.length, total_count: all.length };
  return c.json(envelope(result, { result_info }));
}
