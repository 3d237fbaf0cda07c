import type { Change, ContentChange } from "./contract.ts";
import type { Scheduler } from "./state.ts";

export function expectFile(_scheduler: Scheduler, _key: string): void {
  throw new Error("FRAME");
}

export function changeContent(_scheduler: Scheduler, _change: ContentChange): Change {
  throw new Error("FRAME");
}

export function sweepsAt(_scheduler: Scheduler): number | null {
  throw new Error("FRAME");
}

export async function sweepFiles(_scheduler: Scheduler): Promise<void> {
  throw new Error("FRAME");
}
