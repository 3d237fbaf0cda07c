import type { Attachment } from "../../mailbox/contract.ts";
import type { UserCtx } from "../context.ts";
import { linkTo } from "./links.ts";
import type { AttachmentResponse } from "./responses.ts";

/** An attachment with a link to its file, unless the Worker has no secret to sign one with. */
export async function toAttachment(
  ctx: UserCtx,
  accountId: string,
  attachment: Attachment,
): Promise<AttachmentResponse> {
  const downloadUrl = await linkTo(ctx, accountId, attachment.id);
  return { ...attachment, ...(downloadUrl === null ? {} : { downloadUrl }) };
}
