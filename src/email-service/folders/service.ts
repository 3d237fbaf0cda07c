import { askAccount } from "../accounts/find.ts";
import type { UserCtx } from "../context.ts";
import { toMessage } from "../messages/view.ts";
import type { FolderListResponse, MessageListResponse } from "./responses.ts";
import type { MessagesQuery } from "./schemas.ts";

/** Lists the folders of an account. @throws ServiceError as `askAccount` */
export async function listFolders(ctx: UserCtx, accountId: string): Promise<FolderListResponse> {
  const { folders } = await askAccount(ctx, accountId, (mailbox, owner) => mailbox.folders(owner));
  return {
    folders: folders.map(({ syncedAt, ...folder }) => ({
      ...folder,
      accountId,
      ...(syncedAt === null ? {} : { syncedAt }),
    })),
    total: folders.length,
  };
}

/** Lists a page of the messages in a folder. @throws ServiceError not_found also for the folder; as `askAccount` */
export async function listMessages(
  ctx: UserCtx,
  { accountId, folderId }: { accountId: string; folderId: string },
  query: MessagesQuery,
): Promise<MessageListResponse> {
  const { messages, total } = await askAccount(ctx, accountId, (mailbox, owner) =>
    mailbox.messages(owner, { folderId, ...query }),
  );
  const { limit, offset } = query;
  return {
    messages: messages.map((message) => toMessage(accountId, message)),
    pagination: { total, limit, offset },
  };
}
