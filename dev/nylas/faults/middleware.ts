import type { Context, MiddlewareHandler } from "hono";
import type { Api } from "../http/api.ts";
import { ApiError, ConnectionReset, errorBody, notFound, providerLimit } from "../http/errors.ts";
import type { Fault, FaultPhase } from "../store/fault-kinds.ts";
import { PHASES } from "../store/fault-kinds.ts";
import { between } from "../store/ids.ts";
import type { World } from "../store/world.ts";
import { unixNow } from "../store/world.ts";
import { planBurst, takeFault, untilReleased } from "./faults.ts";
import { cutOff, heldBack, slowed } from "./spoilt-bodies.ts";

const SEND_LATENCY: [number, number] = [500, 3_000];
const LATENCY: [number, number] = [80, 400];
const SLOW_BODY = 2_000;

/** The outermost middleware: delays a request, answers in place of Nylas, or damages its response. */
export function gatewayFaults(world: World): MiddlewareHandler<Api> {
  return async (c, next) => {
    const latency = faultFor(world, c, ["latency"]);
    if (latency) await pause(world, c, between(world.store, ...latencyOf(latency, c)));
    const fault = faultFor(world, c, ["gateway", "after"]);
    if (fault && PHASES[fault.kind] === "gateway") return gatewayAnswer(world, c, fault);
    await next();
    if (fault) await spoil(world, c, fault);
  };
}

/** The innermost middleware: faults between Nylas and the provider, inside the Idempotency-Key. */
export function providerFaults(world: World): MiddlewareHandler {
  return async (c, next) => {
    const fault = faultFor(world, c, ["provider"]);
    if (fault?.kind === "hang") await pause(world, c, fault.hangMs);
    if (fault?.kind === "429-provider") throw providerLimit(fault.retryAfter ?? 1);
    await next();
  };
}

/** Whether a fault shortens the page that this request asks for. */
export function isShortPage(world: World, c: Context): boolean {
  return faultFor(world, c, ["page"]) !== undefined;
}

function faultFor(world: World, c: Context, phases: FaultPhase[]): Fault | undefined {
  const { faults, chaos, store } = world;
  const { pathname: path } = new URL(c.req.url);
  return takeFault({ faults, chaos, store, method: c.req.method, path, at: unixNow(world) }, phases);
}

function pause(world: World, c: Context, ms: number | undefined): Promise<void> {
  return untilReleased(world.faults, c.req.raw.signal, ms);
}

function latencyOf({ latencyMs }: Fault, c: Context): [number, number] {
  const isSend = c.req.method === "POST" && c.req.path.endsWith("/messages/send");
  return latencyMs ?? (isSend ? SEND_LATENCY : LATENCY);
}

function providerTimeout(): ApiError {
  return new ApiError(504, "provider_error", "Provider request timed out.");
}

function gatewayAnswer(world: World, c: Context<Api>, { kind, route }: Fault): Response {
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
    case "401-burst":
      planBurst(world, route);
      throw new ApiError(401, "unauthorized", "Unauthorized");
    case "401":
      throw new ApiError(401, "unauthorized", "Unauthorized");
    case "404-once":
      throw notFound();
    case "reset":
      throw new ConnectionReset();
    default:
      throw new ApiError(500, "api.internal_error", "Internal server error");
  }
}

async function spoil(world: World, c: Context<Api>, fault: Fault): Promise<void> {
  const answer = c.res;
  // Otherwise Hono copies the headers of the old response to the new one.
  c.res = undefined;
  switch (fault.kind) {
    case "504-after":
      c.res = c.json(errorBody(c.get("requestId"), providerTimeout()), 504);
      return;
    case "reset-after":
      throw new ConnectionReset();
    case "cut-body":
      c.res = await cutOff(answer);
      return;
    case "slow-body":
      c.res = await slowed(answer, fault.slowMs ?? SLOW_BODY, (ms) => pause(world, c, ms));
      return;
    default:
      c.res = await heldBack(answer, () => pause(world, c, fault.hangMs));
  }
}
