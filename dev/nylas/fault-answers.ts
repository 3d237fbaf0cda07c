import type { Context, MiddlewareHandler } from "hono";
import type { Api } from "./api.ts";
import { ApiError, errorBody, notFound } from "./errors.ts";
import type { Fault } from "./faults.ts";
import { takeFault, untilReleased } from "./faults.ts";
import type { World } from "./world.ts";

/** Outermost: answers in place of Nylas, or spoils the answer that Nylas gave. */
export function gatewayFaults(world: World): MiddlewareHandler<Api> {
  return async (c, next) => {
    const fault = takeFault(world.faults, c.req.method, pathOf(c), ["gateway", "after"]);
    if (fault?.kind === "504-after") {
      await next();
      // Hono would carry the headers of the spoilt answer over.
      c.res = undefined;
      c.res = c.json(errorBody(c.get("requestId"), providerTimeout()), 504);
    } else if (fault?.kind === "hang-body") {
      await next();
      c.res = new Response(heldBack(world, c.res, c.req.raw.signal), c.res);
    } else if (fault) {
      return gatewayAnswer(c, fault);
    } else {
      await next();
    }
  };
}

/** Innermost: what goes wrong between Nylas and the provider, while an Idempotency-Key is in flight. */
export function providerFaults(world: World): MiddlewareHandler {
  return async (c, next) => {
    const fault = takeFault(world.faults, c.req.method, pathOf(c), ["provider"]);
    if (fault?.kind === "hang") await untilReleased(world.faults, c.req.raw.signal);
    if (fault?.kind === "429-provider") {
      const providerError = { error: { code: 429, message: "User-rate limit exceeded." } };
      const headers = { "Retry-After": String(fault.retryAfter) };
      throw new ApiError(429, "rate_limit_error", "Too many requests", providerError, headers);
    }
    await next();
  };
}

function pathOf(c: Context): string {
  return new URL(c.req.url).pathname;
}

function providerTimeout(): ApiError {
  return new ApiError(504, "provider_error", "Provider request timed out.");
}

function gatewayAnswer(c: Context<Api>, { kind }: Fault): Response {
  switch (kind) {
    case "502html":
      return c.html(
        "<html><head><title>502 Bad Gateway</title></head><body>502 Bad Gateway</body></html>",
        502,
      );
    case "503":
      return c.json({ request_id: c.get("requestId"), message: "Service Unavailable" }, 503);
    case "504":
      throw providerTimeout();
    case "429":
      throw new ApiError(429, "nylas_rate_limit_exceeded", "Too many requests");
    case "401":
      throw new ApiError(401, "unauthorized", "Unauthorized");
    case "404-once":
      throw notFound();
    default:
      throw new ApiError(500, "api.internal_error", "Internal server error");
  }
}

/** The body of `answer`, not one byte of it before the faults are cleared. */
function heldBack(world: World, answer: Response, signal: AbortSignal): ReadableStream {
  return new ReadableStream({
    async pull(controller) {
      await untilReleased(world.faults, signal);
      controller.enqueue(new Uint8Array(await answer.arrayBuffer()));
      controller.close();
    },
  });
}
