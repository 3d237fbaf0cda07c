import type { MessageChange } from "../../mailbox/contract.ts";
import { askAccount } from "../accounts/find.ts";
import type { UserCtx } from "../context.ts";
import type { MessageDetailResponse } from "./responses.ts";
import type { MessageUpdate } from "./schemas.ts";
import { toDetail } from "./view.ts";

interface MessageId {
  accountId: string;
  messageId: string;
}

/** @throws ServiceError not_found; unavailable also if the mail server does not give the body; as `askAccount` */
export async function getMessage(
  ctx: UserCtx,
  { accountId, messageId }: MessageId,
): Promise<MessageDetailResponse> {
  const { message } = await askAccount(ctx, accountId, (mailbox, owner) => mailbox.message(owner, messageId));
  return toDetail(ctx, accountId, message);
}

/** Changes a message here at once, and at its mail server soon after. @throws ServiceError as `getMessage` */
export async function updateMessage(
  ctx: UserCtx,
  { accountId, messageId }: MessageId,
  { isRead, isStarred, isSpam, labels }: MessageUpdate,
): Promise<MessageDetailResponse> {
  const change: MessageChange = {
    ...(isRead === undefined ? {} : { isRead }),
    ...(isStarred === undefined ? {} : { isStarred }),
    ...(isSpam === undefined ? {} : { isSpam }),
    ...(labels === undefined ? {} : { labels: [...new Set(labels)] }),
  };
  const { message } = await askAccount(ctx, accountId, (mailbox, owner) =>
    mailbox.update(owner, messageId, change),
  );
  return toDetail(ctx, accountId, message);
}
