import type { Ctx } from "../context.ts";

/** FRAME */
export async function wakeMailings(_ctx: Ctx): Promise<number> {
  return 0;
}
