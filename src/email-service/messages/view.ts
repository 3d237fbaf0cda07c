import type { Message, MessageDetail } from "../../mailbox/contract.ts";
import { toAttachment } from "../attachments/view.ts";
import type { UserCtx } from "../context.ts";
import type { MessageDetailResponse, MessageResponse } from "./responses.ts";

export const toMessage = (accountId: string, message: Message): MessageResponse => ({
  ...message,
  accountId,
});

/** A message with links to its files. */
export async function toDetail(
  ctx: UserCtx,
  accountId: string,
  message: MessageDetail,
): Promise<MessageDetailResponse> {
  const attachments = await Promise.all(
    message.attachments.map((each) => toAttachment(ctx, accountId, each)),
  );
  return { ...message, accountId, attachments };
}
