import type { MailboxContext } from "../context.ts";
import type { ImapClient } from "../imap/client.ts";
import { hasFlag } from "../store/flags.ts";
import { isLabel, keywordFor } from "../store/labels.ts";
import { endOp, type Op, type ServerPlace, serverPlacesOf } from "../store/pending.ts";
import { atPlace, canKeep, flagsAt, storeFlags, takeFlags } from "./at-place.ts";
import { keepLabelsHere, keepLabelsThere } from "./local-labels.ts";

/** Gives a message its labels wherever the server has it. Where it cannot keep them, they stay here. */
export async function runLabels(
  ctx: MailboxContext,
  client: ImapClient,
  op: Op<"labels">,
  isLast: boolean,
): Promise<void> {
  const { labels } = op.payload;
  const keywords = await Promise.all(labels.map((name) => keywordFor(ctx, name)));
  const seen: { place: ServerPlace; flags: string[] }[] = [];
  const places = serverPlacesOf(ctx, op.messageId);
  let isDone = places.length > 0;
  let isKept = true;
  for (const place of places) {
    const result = await atPlace(client, place, async () => {
      if (!keywords.every((keyword) => canKeep(client, keyword))) isKept = false;
      else await storeKeywords(client, place.uid, keywords);
      const found = await flagsAt(client, place.uid);
      // Another client may just have moved it: the pass finds it, and then it gets its labels there.
      if (!found) return false;
      seen.push({ place, flags: found });
      return !isKept || hasLabels(found, keywords);
    });
    if (result === false || result === "renumbered") isDone = false;
  }
  if (!isDone && !isLast) return;
  ctx.storage.transactionSync(() => {
    if (!endOp(ctx, op)) return;
    if (isKept && isDone) keepLabelsThere(ctx, op.messageId);
    else keepLabelsHere(ctx, op.messageId, labels);
    takeFlags(ctx, op.messageId, seen);
  });
}

/** Makes the labels of a message in the open folder these. */
async function storeKeywords(client: ImapClient, uid: number, keywords: string[]): Promise<void> {
  const found = (await flagsAt(client, uid)) ?? [];
  const old = found.filter((flag) => isLabel(flag) && !hasFlag(keywords, flag));
  const missing = keywords.filter((keyword) => !hasFlag(found, keyword));
  await storeFlags(client, uid, {
    ...Object.fromEntries(old.map((keyword) => [keyword, false])),
    ...Object.fromEntries(missing.map((keyword) => [keyword, true])),
  });
}

const hasLabels = (found: string[], keywords: string[]): boolean =>
  keywords.every((keyword) => hasFlag(found, keyword)) &&
  found.every((flag) => !isLabel(flag) || hasFlag(keywords, flag));
