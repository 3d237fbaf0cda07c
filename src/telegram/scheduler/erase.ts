import type { Scheduler } from "./state.ts";

export async function erase(_scheduler: Scheduler): Promise<boolean> {
  throw new Error("FRAME");
}
