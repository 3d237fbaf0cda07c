import { log } from "../../platform/log.ts";
import type { Ctx } from "../context.ts";
import { enqueueJob } from "../jobs.ts";

/** The WebSocket close code for a stream that gives way to newer streams of the same user. */
export const TOO_MANY_STREAMS = 4008;

/** A stub of the company's hub. */
export const hubOf = ({ COMPANY_HUB }: Env, companyId: number) =>
  COMPANY_HUB.get(COMPANY_HUB.idFromName(String(companyId)));

/**
 * Notifies the company's hub of new events in its log. Call it after the batch has committed. If the call fails, a job
 * repeats it: the event is safe in the log, but no stream reads it until then.
 */
export function notifyHub(ctx: Ctx, companyId: number): void {
  const notifying = async () => {
    try {
      await hubOf(ctx.env, companyId).notify();
    } catch (error) {
      log("warn", "hub.not_notified", { companyId, error });
      await enqueueJob(ctx, { type: "notify_hub", company_id: companyId }, 1);
    }
  };
  ctx.defer(notifying().catch((error) => log("error", "hub.notification_lost", { companyId, error })));
}
