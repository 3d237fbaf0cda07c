import { log } from "../../platform/log.ts";
import type { Ctx } from "../context.ts";
import { enqueueJob } from "../jobs.ts";

/** The code that a hub closes a socket with whose user has opened too many. */
export const TOO_MANY_STREAMS = 4008;

/** The hub of a company. */
export const hubOf = ({ COMPANY_HUB }: Env, companyId: number) =>
  COMPANY_HUB.get(COMPANY_HUB.idFromName(String(companyId)));

/**
 * Tells the company's hub, after the batch has committed, that its log has grown. A call that fails is made up for by
 * a job: the event is safe in the log, but until then no stream reads it.
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
