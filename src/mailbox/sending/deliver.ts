import { log } from "../../platform/log.ts";
import { rowOf } from "../../platform/rows.ts";
import type { MailboxContext } from "../context.ts";
import { accept, attempt } from "./attempt.ts";
import { fileDraft } from "./draft-filing.ts";
import { dueDraft } from "./drafts.ts";
import { file } from "./filing.ts";
import { look } from "./look.ts";
import { dueSend, noteStep, type Send } from "./sends.ts";

const MINUTE = 60_000;

/** While work goes on, an alarm is set this far ahead: it goes on with it should the object die. */
const GUARD_MS = MINUTE;

/** How long to begin with more work; the rest is for the next alarm, which has 15 minutes. */
const BUDGET_MS = 2 * MINUTE;

/** After a bug. */
const AGAIN_MS = 10 * MINUTE;

const FOUND = "Found in the mailbox";

/** The mailboxes that send at this moment. One connection to a mailbox's SMTP server at a time. */
const running = new WeakSet<DurableObjectStorage>();

/** When the next mail or draft is due, in milliseconds since the epoch; null for never. */
export function nextSend(ctx: MailboxContext): number | null {
  if (running.has(ctx.storage)) return Date.now() + GUARD_MS;
  const row = rowOf<{ due_at: number | null }>(
    ctx,
    `SELECT min(due_at) AS due_at FROM (SELECT min(due_at) AS due_at FROM sends WHERE due_at IS NOT NULL
     UNION ALL SELECT min(due_at) FROM drafts WHERE due_at IS NOT NULL)`,
  );
  return row?.due_at ?? null;
}

/** Goes on with each mail and draft that is due, from where it is: one after the other. It may be called at any time. */
export async function runSends(ctx: MailboxContext): Promise<void> {
  if (running.has(ctx.storage)) return;
  running.add(ctx.storage);
  try {
    await ctx.wake();
    const end = Date.now() + BUDGET_MS;
    while (Date.now() < end && (await runNext(ctx)));
  } finally {
    running.delete(ctx.storage);
    await ctx.wake();
  }
}

/** @returns false when nothing is due */
async function runNext(ctx: MailboxContext): Promise<boolean> {
  const send = dueSend(ctx);
  const draft = send ? undefined : dueDraft(ctx);
  if (send) await step(ctx, send);
  if (draft) await fileDraft(ctx, draft);
  return (send ?? draft) !== undefined;
}

async function step(ctx: MailboxContext, send: Send): Promise<void> {
  try {
    if (send.phase === "accepted") await file(ctx, send);
    else if (send.phase === "dot")
      await look(ctx, send, () => accept(ctx, send, { reply: FOUND, refused: [] }));
    else await attempt(ctx, send);
  } catch (error) {
    log("error", "mailbox.send_step", { error });
    const { id, phase, attempts } = send;
    noteStep(ctx, id, { phase, attempts, dueAt: Date.now() + AGAIN_MS });
  }
}
