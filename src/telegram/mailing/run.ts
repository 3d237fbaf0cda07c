import type { UserCtx } from "../context.ts";
import { mailingObject } from "../mailing-object.ts";
import { presentMailing } from "../present.ts";
import { isSubscribed } from "../subscription.ts";

/** The mailing as it is. */
export const getMailing = async (ctx: UserCtx) => presentMailing(await mailingObject(ctx).mailing());

/** Starts the mailing. @returns the mailing, or why it cannot be started */
export async function startMailing(ctx: UserCtx) {
  const started = await mailingObject(ctx).start(isSubscribed(ctx, ctx.user.sender_ends_at));
  return started.ok
    ? { success: true, mailing: presentMailing(started.mailing) }
    : { success: false, error: started.code };
}

/** Stops the mailing, if it runs. @returns the mailing */
export const stopMailing = async (ctx: UserCtx) => ({
  success: true,
  mailing: presentMailing(await mailingObject(ctx).stop()),
});
