import type { OutgoingMail } from "../../mailbox/contract.ts";
import { findAccount } from "../accounts/find.ts";
import { type AccountRow, ownerOf } from "../accounts/row.ts";
import type { UserCtx } from "../context.ts";
import { ask } from "../engine.ts";
import { findFiles } from "./files.ts";
import type { DraftResponse, SendResponse } from "./responses.ts";
import type { DraftSave, MailSend } from "./schemas.ts";

/**
 * Accepts a mail for sending.
 * @param key the caller's Idempotency-Key: it makes one mail, however often it comes
 * @returns the answer, and whether it repeats that of an earlier request
 * @throws ServiceError not_found for the account; invalid for an unknown file; key_reused; otherwise as `ask`
 */
export async function sendMail(
  ctx: UserCtx,
  input: MailSend,
  key: string | null,
): Promise<{ answer: SendResponse; isReplayed: boolean }> {
  const account = await findAccount(ctx, input.accountId);
  const mail = await toMail(ctx, account, input);
  // An admin and the owner may come with the same key.
  const ownKey = key === null ? null : `${ctx.caller.userId}/${key}`;
  const { task, messageId, isReplayed } = await ask(ctx, ownerOf(account), (mailbox, owner) =>
    mailbox.send(owner, mail, ownKey),
  );
  return { answer: { taskId: task.taskId, status: task.status, messageId }, isReplayed };
}

/** Saves a draft. @throws ServiceError not_found also for the draft that it replaces; otherwise as `sendMail` */
export async function saveDraft(ctx: UserCtx, input: DraftSave): Promise<DraftResponse> {
  const account = await findAccount(ctx, input.accountId);
  const mail = await toMail(ctx, account, input);
  const { draftId, createdAt } = await ask(ctx, ownerOf(account), (mailbox, owner) =>
    mailbox.saveDraft(owner, mail, input.draftId ?? null),
  );
  return { draftId, accountId: account.id, createdAt };
}

async function toMail(ctx: UserCtx, account: AccountRow, input: MailSend | DraftSave): Promise<OutgoingMail> {
  const { to, cc, bcc, replyTo, subject, body, isHtml, attachmentIds, inReplyTo } = input;
  return {
    ...{ to, cc, bcc, subject, body, isHtml },
    replyTo: replyTo ?? null,
    files: await findFiles(ctx, account, attachmentIds),
    inReplyTo: inReplyTo ?? null,
  };
}
