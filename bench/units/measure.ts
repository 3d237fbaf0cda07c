import type { Units } from "./billing.ts";
import type { Case } from "./cases/case.ts";
import { CASES } from "./cases.ts";
import { reset, type Stage, settled } from "./stage.ts";

/** The cost of one call. */
export interface Cost extends Units {
  /** Size of the responses, or of the event data of a stream. */
  bytes: number;
  /** Number of hub starts. */
  hubStarts: number;
}

/** By case name, without cases that cannot run at this size. */
export type Costs = Map<string, Cost>;

/** The results by mailbox size, in ascending order. */
export interface Results {
  sizes: number[];
  bySize: Map<number, Costs>;
  /** Database bytes per message in the largest fill. */
  bytesPerMessage: number;
  /** Size of the deployed Worker, minified and gzipped. */
  bundleBytes: number;
}

/** Runs all cases once, one at a time. */
export async function measureAll(stage: Stage): Promise<Costs> {
  const costs: Costs = new Map();
  for (const each of CASES) {
    const cost = await measureOne(stage, each).catch((error: Error) => {
      throw new Error(`${each.name}: ${error.message}`, { cause: error });
    });
    if (cost) costs.set(each.name, cost);
  }
  return costs;
}

async function measureOne(stage: Stage, { prepare }: Case): Promise<Cost | null> {
  const run = await prepare(stage);
  if (!run) return null;
  await settled(stage);
  await reset(stage);
  const more = await run();
  const { units, hubStarts } = await settled(stage);
  return { ...units, ...more, bytes: stage.bytes, hubStarts };
}

/** The cost of a case at a size. @throws Error if it was not measured */
export function costOf({ bySize }: Results, size: number, name: string): Cost {
  const cost = bySize.get(size)?.get(name);
  if (!cost) throw new Error(`"${name}" was not measured with ${size} mails`);
  return cost;
}
