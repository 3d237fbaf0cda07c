import { ServiceError } from "../../lib/errors.ts";
import type { UserCtx } from "../context.ts";
import { mailingObject } from "../mailing-object.ts";
import { presentTime } from "../present.ts";
import type { Delivery, Run } from "../scheduler/contract.ts";

/** The runs of the last 30 days, newest first. @param before an id of a run: only older ones */
export async function listRuns(
  ctx: UserCtx,
  { before, size }: { before?: number | undefined; size: number },
) {
  const runs = await mailingObject(ctx).runs(before ?? null, size);
  return runs.map(presentRun);
}

/** A run, and what became of each of its groups. @throws ServiceError not_found */
export async function getRun(ctx: UserCtx, id: number) {
  const found = await mailingObject(ctx).run(id);
  if (!found)
    throw new ServiceError("not_found", "There is no such run", { details: { error: "run_not_found" } });
  return { ...presentRun(found.run), groups: found.deliveries.map(presentDelivery) };
}

const presentRun = ({ id, number, plannedAt, beganAt, endedAt, ...counts }: Run) => ({
  id,
  number,
  planned_at: presentTime(plannedAt),
  began_at: presentTime(beganAt),
  ended_at: presentTime(endedAt),
  sent: counts.sent,
  skipped: counts.skipped,
  failed: counts.failed,
  unknown: counts.unknown,
});

const presentDelivery = ({ group, title, state, reason, phone, at, link }: Delivery) => ({
  id: group,
  name: title,
  state,
  reason,
  phone,
  at: presentTime(at),
  link,
});
