import type { MailboxContext } from "../context.ts";
import type { ImapClient } from "../imap/client.ts";
import { hasFlag } from "../store/flags.ts";
import { endOp, type Op, type ServerPlace, serverPlacesOf } from "../store/pending.ts";
import { atPlace, canKeep, flagsAt, storeFlags, takeFlags } from "./at-place.ts";

/** Sets and clears flags wherever the server has the message, and takes over what it says then. */
export async function runFlags(
  ctx: MailboxContext,
  client: ImapClient,
  op: Op<"flags">,
  isLast: boolean,
): Promise<void> {
  const { flags } = op.payload;
  const seen: { place: ServerPlace; flags: string[] }[] = [];
  const places = serverPlacesOf(ctx, op.messageId);
  // What the server does not have yet gets the flags once it has it.
  let isDone = places.length > 0;
  for (const place of places) {
    const result = await atPlace(client, place, async () => {
      await storeFlags(client, place.uid, flags);
      const found = await flagsAt(client, place.uid);
      // Another client may just have moved it: the pass finds it, and then it gets its flags there.
      if (!found) return false;
      seen.push({ place, flags: found });
      return agrees(client, found, flags);
    });
    if (result === false || result === "renumbered") isDone = false;
  }
  if (!isDone && !isLast) return;
  ctx.storage.transactionSync(() => {
    if (endOp(ctx, op)) takeFlags(ctx, op.messageId, seen);
  });
}

/** Whether a message has the flags that it shall have, apart from those that the folder cannot keep. */
const agrees = (client: ImapClient, found: string[], flags: Record<string, boolean>): boolean =>
  Object.keys(flags).every((flag) => !canKeep(client, flag) || hasFlag(found, flag) === flags[flag]);
