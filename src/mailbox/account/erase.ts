import type { MailboxContext } from "../context.ts";
import { migrate } from "../store/migrations.ts";

/** R2's limit for one list and one delete. */
const AT_A_TIME = 1000;

/**
 * Erases the mailbox: its files in the bucket, then all that is kept here. What dies in between is repeated by the next
 * call, since the account goes last.
 */
export async function erase(ctx: MailboxContext, accountId: string): Promise<object> {
  for (;;) {
    const { objects } = await ctx.env.ATTACHMENTS.list({ prefix: `mail/${accountId}/`, limit: AT_A_TIME });
    if (objects.length === 0) break;
    await ctx.env.ATTACHMENTS.delete(objects.map(({ key }) => key));
  }
  await ctx.storage.deleteAlarm();
  await ctx.storage.deleteAll();
  // For a call that comes before the object leaves memory.
  migrate(ctx.storage);
  return {};
}
