import type { Units } from "./billing.ts";
import type { Case } from "./cases/case.ts";
import { CASES } from "./cases.ts";
import { reset, type Stage, settled } from "./stage.ts";

/** What one call cost. */
export interface Cost extends Units {
  /** Of the answers; on a stream, of the data of its events. */
  bytes: number;
  /** How often a hub was made or woken. */
  hubStarts: number;
}

/** By the names of the cases; one that could not be called at this size is missing. */
export type Costs = Map<string, Cost>;

/** What was measured, by the number of mails in the large mailbox, ascending. */
export interface Results {
  sizes: number[];
  bySize: Map<number, Costs>;
  /** Bytes of the database for each mail of the largest fill. */
  bytesPerMessage: number;
  /** Of the Worker as it is deployed, minified and gzipped. */
  bundleBytes: number;
}

/** Calls everything once, one call at a time. */
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

/** What a case cost at a size. @throws Error when there is no such case */
export function costOf({ bySize }: Results, size: number, name: string): Cost {
  const cost = bySize.get(size)?.get(name);
  if (!cost) throw new Error(`"${name}" was not measured with ${size} mails`);
  return cost;
}
