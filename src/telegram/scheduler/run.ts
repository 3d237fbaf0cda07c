import type { Scheduler } from "./state.ts";

export async function runRuns(_scheduler: Scheduler): Promise<void> {
  throw new Error("FRAME");
}
