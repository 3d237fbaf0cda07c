import { log } from "../../platform/log.ts";
import type { MailboxContext } from "../context.ts";
import type { RefusalCode } from "../contract.ts";
import { smtpServerOf } from "../discover/smtp.ts";
import { MailError } from "../errors.ts";
import { checkHost } from "../net/hosts.ts";
import { credentialsOf } from "../secrets/credentials.ts";
import { deliver, isAnswer, type Receipt, type Witness } from "../smtp/dialogue.ts";
import { noteTask } from "../tasks.ts";
import { compose } from "./compose.ts";
import { keepAsDraft } from "./drafts.ts";
import { firstLook } from "./look.ts";
import { noteStep, phaseOf, type Send } from "./sends.ts";

const MINUTE = 60_000;

/** After how long a mail is tried again that was not sent, in milliseconds. All in all a mail is tried for nine hours. */
const WAITS = [0.5, 2, 10, 30, 60, 120, 300].map((minutes) => minutes * MINUTE);

/** What may pass by itself. The rest is tried again when somebody has changed something. */
const PASSING: RefusalCode[] = ["CONNECTION_FAILED", "THROTTLED"];

/** Tries to send a mail. It was certainly not sent before. */
export async function attempt(ctx: MailboxContext, send: Send): Promise<void> {
  const attempts = send.attempts + 1;
  noteStep(ctx, send.id, { phase: "data", attempts });
  noteTask(ctx, send.id, { status: "started", progress: 10 });
  try {
    const server = await smtpServerOf(ctx);
    await checkHost(ctx.env, server);
    const credentials = await credentialsOf(ctx, "smtp", server);
    const mail = await compose(ctx.env.ATTACHMENTS, send.letter, { isDraft: false });
    await deliver(server, credentials, mail, witnessOf(ctx, send));
  } catch (error) {
    const phase = phaseOf(ctx, send.id);
    if (phase === "dot" && !isAnswer(error)) firstLook(ctx, send);
    else if (phase === "dot" || phase === "data") notSent(ctx, send, attempts, error);
    else log("error", "mailbox.send_end", { error });
  }
}

/** From the final dot on the server may have the mail: so this must be known here first, whatever happens next. */
const witnessOf = (ctx: MailboxContext, send: Send): Witness => ({
  async beforeDot() {
    noteStep(ctx, send.id, { phase: "dot", attempts: 0 });
    noteTask(ctx, send.id, { status: "started", progress: 60 });
    await ctx.storage.sync();
  },
  accepted: (receipt) => accept(ctx, send, receipt),
});

/** Notes that a mail was sent. What follows is its copy in Sent. */
export function accept(ctx: MailboxContext, send: Send, { reply, refused }: Receipt): void {
  const { messageId, letter } = send;
  ctx.storage.transactionSync(() => {
    noteStep(ctx, send.id, { phase: "accepted", attempts: 0, dueAt: Date.now(), reply, refused });
    noteTask(ctx, send.id, {
      status: "success",
      result: { messageId, internetMessageId: letter.internetMessageId, reply, refused },
    });
  });
}

/** Plans the next try, or gives up: then the mail is a draft again, so that its text is not lost. */
function notSent(ctx: MailboxContext, send: Send, attempts: number, error: unknown): void {
  const known = error instanceof MailError ? error : undefined;
  if (!known) log("error", "mailbox.send", { error });
  const code = known?.code ?? "CONNECTION_FAILED";
  const message = known?.message ?? "The mail could not be composed";
  const wait = WAITS[attempts - 1];
  if (PASSING.includes(code) && wait !== undefined) {
    const dueAt = Date.now() + Math.max(wait, (known?.retryAfterSeconds ?? 0) * 1000);
    noteStep(ctx, send.id, { phase: "composed", attempts, dueAt, reply: message });
    noteTask(ctx, send.id, { status: "retry", error: message, code });
    return;
  }
  ctx.storage.transactionSync(() => {
    noteStep(ctx, send.id, { phase: "refused", attempts, dueAt: null, reply: message });
    noteTask(ctx, send.id, { status: "failure", error: `${message}. The mail is in Drafts`, code });
    keepAsDraft(ctx, send.messageId, send.letter);
  });
}
