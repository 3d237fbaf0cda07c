import type { Change, Mailing, StartCode, Status } from "./contract.ts";
import type { Scheduler } from "./state.ts";

export function showStatus(_scheduler: Scheduler): Status {
  throw new Error("FRAME");
}

export function showMailing(_scheduler: Scheduler): Mailing {
  throw new Error("FRAME");
}

export function changeInterval(
  _scheduler: Scheduler,
  _interval: { frequency: number; duration: number },
): Change {
  throw new Error("FRAME");
}

export async function start(
  _scheduler: Scheduler,
  _isSubscribed: boolean,
): Promise<{ ok: true; mailing: Mailing } | { ok: false; code: StartCode }> {
  throw new Error("FRAME");
}

export async function stop(_scheduler: Scheduler): Promise<Mailing> {
  throw new Error("FRAME");
}

export function runsAt(_scheduler: Scheduler): number | null {
  throw new Error("FRAME");
}
