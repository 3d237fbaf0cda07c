import type { Scheduler } from "./state.ts";

export async function refreshBlocked(_scheduler: Scheduler): Promise<void> {
  throw new Error("FRAME");
}
