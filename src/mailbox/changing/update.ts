import { withDeadline } from "../../lib/deadline.ts";
import { rowsOf } from "../../platform/rows.ts";
import type { MailboxContext } from "../context.ts";
import type { MessageChange, MessageDetail } from "../contract.ts";
import { notFound } from "../errors.ts";
import { detailOf, getMessage } from "../reading/detail.ts";
import { accountOf } from "../store/account.ts";
import { changedFlags, flagsOf } from "../store/flags.ts";
import { isLabel, keywordFor } from "../store/labels.ts";
import { setFlags } from "../store/mirror.ts";
import { opsOf, putOp } from "../store/pending.ts";
import { checkedLabels } from "./label-rules.ts";
import { hasLocalLabels, keepLabelsHere } from "./local-labels.ts";
import { moveForSpam } from "./spam.ts";

/** Where a message is here. */
type Place = { folder_id: string; uid: number; is_read: number; flags: string };

/** How long an answer waits for a body that was never read, in milliseconds. The change itself is made by then. */
const BODY_MS = 5000;

/**
 * Changes a message here at once, and notes the change for the server, which is told soon after. Flags and labels are of
 * the message, in all its folders.
 * @returns the message as it is now; without its body, if that was not read before and cannot be read now
 * @throws MailError NOT_FOUND, INVALID for labels that cannot be
 */
export async function updateMessage(
  ctx: MailboxContext,
  messageId: string,
  change: MessageChange,
): Promise<MessageDetail> {
  const labels = change.labels && (await labelChange(ctx, change.labels));
  ctx.storage.transactionSync(() => {
    if (placesOf(ctx, messageId).length === 0) throw notFound("Message");
    changeFlags(ctx, messageId, flagsIn(change));
    if (labels) changeLabels(ctx, messageId, labels);
    if (change.isSpam !== undefined) moveForSpam(ctx, messageId, change.isSpam);
  });
  await ctx.wake();
  try {
    return await withDeadline(BODY_MS, () => getMessage(ctx, messageId));
  } catch {
    return detailOf(ctx, messageId, null);
  }
}

const placesOf = (ctx: MailboxContext, messageId: string): Place[] =>
  rowsOf<Place>(ctx, "SELECT folder_id, uid, is_read, flags FROM places WHERE message_id = ?", messageId);

/** The flags that a change sets and clears. */
function flagsIn({ isRead, isStarred, isSpam }: MessageChange): Record<string, boolean> {
  return {
    ...(isRead === undefined ? {} : { "\\Seen": isRead }),
    ...(isStarred === undefined ? {} : { "\\Flagged": isStarred }),
    // What filters learn from, and other programs show.
    ...(isSpam === undefined ? {} : { $Junk: isSpam, $NotJunk: !isSpam }),
  };
}

function changeFlags(ctx: MailboxContext, messageId: string, flags: Record<string, boolean>): void {
  if (Object.keys(flags).length === 0) return;
  for (const place of placesOf(ctx, messageId)) {
    setPlaceFlags(ctx, place, changedFlags(allFlags(place), flags));
  }
  if (isPop3(ctx)) return;
  const [pending] = opsOf(ctx, messageId, "flags");
  putOp(ctx, messageId, "flags", { flags: { ...pending?.payload.flags, ...flags } }, pending);
}

/** A set of labels, by name and by keyword. */
interface LabelChange {
  names: string[];
  keywords: string[];
}

async function labelChange(ctx: MailboxContext, given: string[]): Promise<LabelChange> {
  const names = checkedLabels(given);
  return { names, keywords: await Promise.all(names.map((name) => keywordFor(ctx, name))) };
}

function changeLabels(ctx: MailboxContext, messageId: string, { names, keywords }: LabelChange): void {
  const isLocal = isPop3(ctx) || hasLocalLabels(ctx, messageId);
  if (isLocal) keepLabelsHere(ctx, messageId, names);
  else {
    for (const place of placesOf(ctx, messageId)) {
      const others = allFlags(place).filter((flag) => !isLabel(flag));
      setPlaceFlags(ctx, place, [...others, ...keywords]);
    }
  }
  if (isPop3(ctx)) return;
  const [pending] = opsOf(ctx, messageId, "labels");
  putOp(ctx, messageId, "labels", { labels: names }, pending);
}

const isPop3 = (ctx: MailboxContext): boolean => accountOf(ctx).settings.protocol === "pop3";

const allFlags = ({ is_read, flags }: Place): string[] => [
  ...flagsOf(flags),
  ...(is_read === 1 ? ["\\Seen"] : []),
];

function setPlaceFlags(ctx: MailboxContext, { folder_id, uid }: Place, flags: string[]): void {
  const isRead = flags.includes("\\Seen");
  setFlags(ctx, folder_id, [{ uid, isRead, flags }]);
}
