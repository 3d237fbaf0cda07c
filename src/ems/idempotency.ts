import type { Context, HonoRequest } from "hono";
import { createMiddleware } from "hono/factory";
import { invalid } from "../lib/errors.ts";
import { toHex } from "../lib/hex.ts";
import { sha256Hex } from "../lib/hmac.ts";
import { isMultipart } from "../lib/multipart.ts";
import { type EmsEnv, ofNoCompany } from "./context.ts";
import {
  attempt,
  type Claim,
  claimKey,
  keepAnswer,
  release,
  type StoredAnswer,
} from "./idempotency-store.ts";

const MAX_KEY = 255;
/** Of the answer, besides its status and its body. */
const KEPT_HEADERS = ["content-type", "etag", "location"];

/**
 * Answers each request that names an `Idempotency-Key` once (draft-ietf-httpapi-idempotency-key-header). A
 * repetition within 24 hours gets the same answer, marked `Idempotent-Replayed: true`. Only what succeeded is kept:
 * after a failure the same key may try again. The handler finds the key in `c.var.idempotencyKey`, null without one.
 *
 * The caller gets the answer after it is stored, so that whoever has seen it once will see it again. When the Worker
 * dies between the effect and that, the key runs out in 5 minutes and the request is executed again: what must not
 * happen twice even then carries the key itself, as the outbox does.
 * @throws ServiceError `invalid` for a key that is none; `conflict` while the first request is being answered; `key_reused` when the key
 *   was used for another request, or under a token with other companies
 */
export const idempotent = createMiddleware<EmsEnv>(async (c, next) => {
  const key = parseKey(c.req.header("idempotency-key"));
  c.set("idempotencyKey", key);
  if (key === null) return next();
  const ctx = ofNoCompany(c.var.ctx);
  const held = await claimKey(ctx, key, await hashRequest(c));
  if ("status" in held) return replay(c, held);
  const answering = next().then(() => settle(c, held));
  ctx.defer(answering); // else it ends when the caller hangs up; so it has 30 s more
  await answering;
});

/**
 * The key of a request: 1 to 255 visible ASCII characters, bare or as the string of RFC 8941 section 3.3.3, whose
 * quotes and backslashes do not belong to it.
 * @returns null without the header
 * @throws ServiceError `invalid` for anything else
 */
export function parseKey(header: string | undefined): string | null {
  if (header === undefined) return null;
  const quoted = /^"((?:[^"\\]|\\["\\])*)"$/.exec(header)?.[1]?.replace(/\\(.)/g, "$1");
  const key = quoted ?? (header.startsWith('"') ? "" : header);
  if (/^[!-~]+$/.test(key) && key.length <= MAX_KEY) return key;
  throw invalid(`idempotency-key: must be 1 to ${MAX_KEY} visible ASCII characters`);
}

/**
 * What makes two requests of a user the same: method, path, query, the bytes of the body, and the token's companies.
 * The latter because what was answered under another set may be of a company that the token no longer has.
 *
 * A body of `multipart/form-data` is streamed by its handler and not read here: of it only the type, without its
 * boundary, and the length count, so that another file of just the same length passes for the same.
 * @returns SHA-256, as lower-case hex
 */
async function hashRequest(c: Context<EmsEnv>): Promise<string> {
  const { req } = c;
  const companies = [...new Set(c.var.user.companies)].sort((a, b) => a - b);
  const { search } = new URL(req.url);
  return sha256Hex(JSON.stringify([req.method, req.path, search, companies, await hashBody(req)]));
}

async function hashBody(req: HonoRequest): Promise<unknown> {
  const type = req.header("content-type") ?? "";
  if (isMultipart(type)) {
    return [type.replace(/;\s*boundary=("[^"]*"|[^;]*)/i, ""), req.header("content-length") ?? null];
  }
  return toHex(new Uint8Array(await crypto.subtle.digest("SHA-256", await req.arrayBuffer())));
}

const replay = (c: Context<EmsEnv>, { status, headers, body }: StoredAnswer): Response =>
  c.newResponse(body, { status: status as 200, headers: { ...headers, "idempotent-replayed": "true" } });

/** Ends the claim as the request has ended. Whatever was thrown has been turned into `c.res` by now. */
async function settle(c: Context<EmsEnv>, claim: Claim): Promise<void> {
  const ctx = ofNoCompany(c.var.ctx);
  if (c.error || !c.res.ok) return attempt(release(ctx, claim));
  const bytes = await c.res.arrayBuffer();
  c.res = new Response(bytes.byteLength ? bytes : null, c.res);
  const { status } = c.res;
  const headers = Object.fromEntries(
    KEPT_HEADERS.flatMap((name) => {
      const value = c.res.headers.get(name);
      return value === null ? [] : [[name, value]];
    }),
  );
  await attempt(keepAnswer(ctx, claim, { status, headers, bytes }));
}
