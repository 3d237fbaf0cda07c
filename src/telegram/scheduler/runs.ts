import type { Delivery, Run } from "./contract.ts";
import type { Scheduler } from "./state.ts";

export function listRuns(_scheduler: Scheduler, _before: number | null, _size: number): Run[] {
  throw new Error("FRAME");
}

export function showRun(_scheduler: Scheduler, _id: number): { run: Run; deliveries: Delivery[] } | null {
  throw new Error("FRAME");
}
