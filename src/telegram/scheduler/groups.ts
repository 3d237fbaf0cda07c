import type { Group } from "./contract.ts";
import type { Scheduler } from "./state.ts";

export function listGroups(_scheduler: Scheduler): Group[] {
  throw new Error("FRAME");
}

export async function requestSync(_scheduler: Scheduler): Promise<void> {
  throw new Error("FRAME");
}

export function exclude(_scheduler: Scheduler, _ids: number[]): number[] {
  throw new Error("FRAME");
}

export function syncsAt(_scheduler: Scheduler): number | null {
  throw new Error("FRAME");
}

export async function runSync(_scheduler: Scheduler): Promise<void> {
  throw new Error("FRAME");
}
