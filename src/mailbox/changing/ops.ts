import { log } from "../../platform/log.ts";
import type { MailboxContext } from "../context.ts";
import { MailError } from "../errors.ts";
import type { ImapClient } from "../imap/client.ts";
import { beginOp, dueOps, endOp, type Op } from "../store/pending.ts";
import { runFlags } from "./flags-op.ts";
import { runLabels } from "./labels-op.ts";
import { runMove } from "./move-op.ts";

/** Changes made in one pass. What is left makes the next pass due at once. */
const MAX_OPS = 500;

/** After this the server's word counts, in milliseconds: it has refused the change for days. */
const GIVE_UP_MS = 3 * 24 * 3600_000;

/**
 * Makes the due changes of store/pending.ts on the server: to be called at the start of a pass, with no folder locked.
 * What the server refuses stays and is tried again later, so that it never fails a pass.
 * @throws whatever `client` throws once its connection is lost
 */
export async function runOps(ctx: MailboxContext, client: ImapClient): Promise<void> {
  for (const op of dueOps(ctx, MAX_OPS)) {
    // Before the try: a change at which a server hangs up must not hold up all passes.
    beginOp(ctx, op);
    const isLast = Date.now() - op.createdAt > GIVE_UP_MS;
    try {
      await run(ctx, client, op, isLast);
      // The library says false, not more, of a command that was cut off.
      if (!client.usable)
        throw new MailError("CONNECTION_FAILED", "The connection to the mail server was lost");
    } catch (error) {
      if (!client.usable) throw error;
      log("warn", "mailbox.change_refused", { kind: op.kind, attempts: op.attempts + 1, error });
      if (isLast) endOp(ctx, op);
    }
  }
}

/** @param isLast takes what the server has in the end, though it is not what was asked for */
function run(ctx: MailboxContext, client: ImapClient, op: Op, isLast: boolean): Promise<void> {
  switch (op.kind) {
    case "flags":
      return runFlags(ctx, client, op, isLast);
    case "labels":
      return runLabels(ctx, client, op, isLast);
    case "move":
      return runMove(ctx, client, op, isLast);
  }
}
