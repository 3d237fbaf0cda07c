import type { Ctx } from "../context.ts";

/** FRAME */
export async function finishDeletions(_ctx: Ctx): Promise<number> {
  return 0;
}
