import { type Meter, PRICES } from "./prices.ts";
import type { UnitTable } from "./units.ts";
import { type Costed, costed } from "./usage.ts";
import { ESTIMATES, type Scale, WORKING_DAYS } from "./volumes.ts";

/** US dollars a month for one activity of all companies, without free allowances and storage. */
export interface Driver {
  name: string;
  dollars: number;
}

/** The activities by cost, most expensive first. */
export function driversOf(scale: Scale, table: UnitTable): Driver[] {
  const monthly = scale.companies * WORKING_DAYS;
  return costed(scale, table)
    .map((each) => ({
      name: each.activity.name ?? "streams that are open",
      dollars: monthly * each.activity.count * dollarsOf(each),
    }))
    .sort((one, other) => other.dollars - one.dollars);
}

function dollarsOf({ activity, units }: Costed[number]): number {
  const { rowsRead, rowsWritten, r2A, r2B, queueOps, durableRequests } = units;
  const { requests, cpuMs } = activity;
  const amounts: Partial<Record<Meter, number>> = {
    ...{ rowsRead, rowsWritten, r2A, r2B, queueOps, durableRequests, cpuMs },
    requests: requests + queueOps / 3,
    durableGbSeconds: durableRequests * (ESTIMATES.hubMs / 1000) * ESTIMATES.hubGb,
    logGb: (requests * ESTIMATES.loggedShare * ESTIMATES.logBytes) / 1e9,
  };
  return Object.entries(amounts).reduce((sum, [meter, amount]) => {
    const { dollars, per } = PRICES[meter as Meter];
    return sum + (amount / per) * dollars;
  }, 0);
}
