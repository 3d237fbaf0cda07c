import type { MailboxContext } from "../context.ts";
import type { ImapClient } from "../imap/client.ts";
import { hasFlag } from "../store/flags.ts";
import { isLabel, keywordFor, labelFlags, labelNames, labelsOf } from "../store/labels.ts";
import { endOp, type Op, type ServerPlace, serverPlacesOf } from "../store/pending.ts";
import { atPlace, canKeep, flagsAt, type PathPlace, storeFlags, takeFlags } from "./at-place.ts";
import { keepLabelsHere, keepLabelsThere } from "./local-labels.ts";

/** Gives a message its labels wherever the server has it. Where it cannot keep them, they stay here. */
export async function runLabels(
  ctx: MailboxContext,
  client: ImapClient,
  op: Op<"labels">,
  isLast: boolean,
): Promise<void> {
  const { labels } = op.payload;
  const isGmail = client.capabilities.has("X-GM-EXT-1");
  const keywords = isGmail
    ? labelFlags(labels)
    : await Promise.all(labels.map((name) => keywordFor(ctx, name)));
  const known = serverPlacesOf(ctx, op.messageId);
  const places = isGmail ? known.sort(byOwnLabel).slice(0, 1) : known;
  const seen: { place: ServerPlace; flags: string[] }[] = [];
  let isDone = places.length > 0;
  let isKept = true;
  for (const place of places) {
    const result = await atPlace(client, place, async () => {
      const old = (await flagsAt(client, place.uid)) ?? [];
      if (isGmail) await storeGmailLabels(ctx, client, place.uid, { labels, old });
      else if (!keywords.every((keyword) => canKeep(client, keyword))) isKept = false;
      else await storeFlags(client, place.uid, keywordChanges(old, keywords));
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

function keywordChanges(old: string[], keywords: string[]): Record<string, boolean> {
  const dropped = old.filter((flag) => isLabel(flag) && !hasFlag(keywords, flag));
  const missing = keywords.filter((keyword) => !hasFlag(old, keyword));
  return {
    ...Object.fromEntries(dropped.map((keyword) => [keyword, false])),
    ...Object.fromEntries(missing.map((keyword) => [keyword, true])),
  };
}

/** Gmail's labels are of the message, whatever folder is open. A folder does not name its own label. */
const byOwnLabel = (one: PathPlace, other: PathPlace): number => rankOf(one) - rankOf(other);

const rankOf = ({ path }: PathPlace): number => (/^(INBOX$|\[)/i.test(path) ? 0 : 1);

async function storeGmailLabels(
  ctx: MailboxContext,
  client: ImapClient,
  uid: number,
  { labels, old }: { labels: string[]; old: string[] },
): Promise<void> {
  const there = labelsOf(old, labelNames(ctx));
  const missing = labels.filter((name) => !hasFlag(there, name));
  const dropped = there.filter((name) => !hasFlag(labels, name));
  const options = { uid: true, useLabels: true };
  if (missing.length > 0) await client.messageFlagsAdd(String(uid), missing, options);
  if (dropped.length > 0) await client.messageFlagsRemove(String(uid), dropped, options);
}

const hasLabels = (found: string[], keywords: string[]): boolean =>
  keywords.every((keyword) => hasFlag(found, keyword)) &&
  found.every((flag) => !isLabel(flag) || hasFlag(keywords, flag));
