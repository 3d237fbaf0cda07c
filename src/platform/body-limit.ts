import type { HonoRequest, MiddlewareHandler } from "hono";
import { bodyLimit } from "hono/body-limit";
import { invalid } from "../lib/errors.ts";
import { findExcess, type JsonLimits } from "../lib/json-shape.ts";
import { isJson } from "./validation.ts";

export interface BodyLimits {
  bytes: number;
  json: JsonLimits;
  /** True for a request whose handler streams and limits the body. This middleware would buffer it. */
  isStreamed(request: HonoRequest): boolean;
}

/**
 * Makes the middleware that bounds the memory of a request's body.
 * @throws ServiceError invalid
 */
export function limitBody({ bytes, json, isStreamed }: BodyLimits): MiddlewareHandler {
  const limitBytes = bodyLimit({
    maxSize: bytes,
    onError: () => {
      throw invalid(`body: is larger than ${bytes} bytes`);
    },
  });
  return async (c, next) => {
    if (isStreamed(c.req)) return next();
    return limitBytes(c, async () => {
      const isRead = c.req.raw.body !== null && isJson(c.req.header("content-type") ?? "");
      const excess = isRead ? findExcess(await c.req.text(), json) : null;
      if (excess) throw invalid(`body: ${excess}`);
      await next();
    });
  };
}
