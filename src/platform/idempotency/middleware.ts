import type { Context, HonoRequest } from "hono";
import { createMiddleware } from "hono/factory";
import { invalid } from "../../lib/errors.ts";
import { toHex } from "../../lib/hex.ts";
import { hmacHex, sha256Hex } from "../../lib/hmac.ts";
import { isMultipart } from "../../lib/multipart.ts";
import { log } from "../log.ts";
import { type AnswerStore, type Claim, claimKey, keepAnswer, release, type StoredAnswer } from "./store.ts";

const MAX_KEY = 255;
/** Response headers that are stored for a replay. */
const KEPT_HEADERS = ["content-type", "etag", "location"];

interface KeyedEnv {
  Bindings: Env;
  Variables: {
    /** Set on idempotent routes: the caller's key, or null. */
    idempotencyKey?: string | null;
  };
}

/** What the module tells the middleware about a request. */
export interface IdempotencyOptions<E extends KeyedEnv> {
  storeOf(c: Context<E>): AnswerStore;
  userOf(c: Context<E>): number | string;
  /** The rights that the response depends on. With other rights, the same key counts as another request. */
  rightsOf(c: Context<E>): unknown;
  /** A key for the hash of the request, if its body has a secret that is short enough to guess. */
  hashKeyOf?(c: Context<E>): Promise<string>;
}

/**
 * Makes the middleware that executes a request with an `Idempotency-Key` once
 * (draft-ietf-httpapi-idempotency-key-header). A retry within 24 hours gets the stored response with
 * `Idempotent-Replayed: true`. Only success is stored: after a failure, a retry with the same key executes again.
 *
 * The response is stored before it is sent. If the Worker dies between the effect and the write, the claim expires
 * after 5 minutes and a retry executes again. An effect that must not happen twice even then has to use the key itself
 * (`c.var.idempotencyKey`).
 * @throws ServiceError invalid for a malformed key; conflict while the first request is in progress; key_reused when
 *   the key was used for another request
 */
export const createIdempotency = <E extends KeyedEnv>(options: IdempotencyOptions<E>) =>
  createMiddleware<E>(async (c, next) => {
    const key = parseKey(c.req.header("idempotency-key"));
    c.set("idempotencyKey", key);
    if (key === null) return next();
    const store = options.storeOf(c);
    const hashed = await hashRequest(c.req, options.rightsOf(c));
    const hash = options.hashKeyOf ? await hmacHex(await options.hashKeyOf(c), hashed) : hashed;
    const held = await claimKey(store, options.userOf(c), key, hash);
    if ("status" in held) return replay(c, held);
    const answering = next().then(() => endClaim(c, store, held));
    store.defer(answering); // gives it another 30 s after the caller disconnects
    await answering;
  });

/**
 * Parses the header: 1 to 255 visible ASCII characters, bare or as a string of RFC 8941 section 3.3.3. The quotes and
 * escaping backslashes of such a string are not part of the key.
 * @returns null without the header
 * @throws ServiceError invalid
 */
export function parseKey(header: string | undefined): string | null {
  if (header === undefined) return null;
  const quoted = /^"((?:[^"\\]|\\["\\])*)"$/.exec(header)?.[1]?.replace(/\\(.)/g, "$1");
  const key = quoted ?? (header.startsWith('"') ? "" : header);
  if (/^[!-~]+$/.test(key) && key.length <= MAX_KEY) return key;
  throw invalid(`idempotency-key: must be 1 to ${MAX_KEY} visible ASCII characters`);
}

/**
 * Hashes what makes two requests of a user the same: method, path, query, rights and body. The handler streams a
 * multipart body, so only its type (without the boundary) and its length are hashed.
 * @returns SHA-256, as lower-case hex
 */
async function hashRequest(req: HonoRequest, rights: unknown): Promise<string> {
  const { search } = new URL(req.url);
  return sha256Hex(JSON.stringify([req.method, req.path, search, rights, await hashBody(req)]));
}

async function hashBody(req: HonoRequest): Promise<unknown> {
  const type = req.header("content-type") ?? "";
  if (isMultipart(type)) {
    return [type.replace(/;\s*boundary=("[^"]*"|[^;]*)/i, ""), req.header("content-length") ?? null];
  }
  return toHex(new Uint8Array(await crypto.subtle.digest("SHA-256", await req.arrayBuffer())));
}

const replay = (c: Context, { status, headers, body }: StoredAnswer): Response =>
  c.newResponse(body, { status: status as 200, headers: { ...headers, "idempotent-replayed": "true" } });

/** Stores a successful response; after an error, releases the key. Hono has put a thrown error into `c.res`. */
async function endClaim(c: Context, store: AnswerStore, claim: Claim): Promise<void> {
  if (c.error || !c.res.ok) return orLog(release(store, claim));
  const bytes = await c.res.arrayBuffer();
  c.res = new Response(bytes.byteLength ? bytes : null, c.res);
  const { status } = c.res;
  const headers = Object.fromEntries(
    KEPT_HEADERS.flatMap((name) => {
      const value = c.res.headers.get(name);
      return value === null ? [] : [[name, value]];
    }),
  );
  await orLog(keepAnswer(store, claim, { status, headers, bytes }));
}

/** A failure here must not fail the caller's response. The key stays claimed for 5 minutes. */
const orLog = (work: Promise<void>): Promise<void> =>
  work.catch((error) => log("warn", "idempotency.not_stored", { error }));
