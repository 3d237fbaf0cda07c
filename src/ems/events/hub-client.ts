import { log } from "../../platform/log.ts";
import type { Ctx } from "../context.ts";
import { enqueueJob } from "../jobs.ts";
import type { MoveStatus } from "../store/company-data.ts";
import { homeOf, stubOf } from "../store/home.ts";
import type { Presence } from "./leases.ts";

/** The WebSocket close code for a stream that gives way to newer streams of the same user. */
export const TOO_MANY_STREAMS = 4008;

/** What a company's Durable Object does for others, besides queries. */
export interface HubCalls {
  /** Joins a stream: see `CompanyHub.fetch`. */
  fetch(
    url: string,
    init: object,
  ): Promise<{ webSocket: WebSocket | null; headers: { get(name: string): string | null } }>;
  notify(): Promise<void>;
  announce(presence: Presence): Promise<Presence[]>;
  /** Begins to move the company's rows from D1. @returns false while another company is being moved */
  beginMove(): Promise<boolean>;
  moveStatus(): Promise<MoveStatus>;
}

/** A company's hub: the object that this code runs in, or its stub. The stub's own type is too deep for TypeScript. */
export function hubOf(env: Env, companyId: number): HubCalls {
  const home = homeOf(env);
  return (home?.company === companyId ? home.hub : stubOf(env, companyId)) as HubCalls;
}

/**
 * Notifies the company's hub of new events in its log. Call it after the batch has committed. If the call fails, a job
 * repeats it: the event is safe in the log, but no stream reads it until then.
 */
export function notifyHub(ctx: Ctx, companyId: number): void {
  const notifying = async () => {
    try {
      await hubOf(ctx.env, companyId).notify();
    } catch (error) {
      log("warn", "hub.not_notified", { company: companyId, error });
      await enqueueJob(ctx, { type: "notify_hub", company_id: companyId }, 1);
    }
  };
  ctx.defer(
    notifying().catch((error) => log("error", "hub.notification_lost", { company: companyId, error })),
  );
}
