import { gzipSync } from "node:zlib";
import type { MiddlewareHandler } from "hono";

const LEAST = 200;

/** Nylas: JSON responses are compressed if the client accepts it, except short ones. */
export const compressed: MiddlewareHandler = async (c, next) => {
  await next();
  const { headers } = c.res;
  const isAsked = /\bgzip\b/.test(c.req.header("accept-encoding") ?? "");
  if (!isAsked || !headers.get("content-type")?.startsWith("application/json")) return;
  const body = new Uint8Array(await c.res.clone().arrayBuffer());
  if (body.byteLength < LEAST) return;
  headers.set("content-encoding", "gzip");
  headers.set("vary", "accept-encoding");
  c.res = new Response(new Uint8Array(gzipSync(body)), { status: c.res.status, headers });
};
