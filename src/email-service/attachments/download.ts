import { contentDisposition } from "../../lib/content-disposition.ts";
import { forbidden, notFound } from "../../lib/errors.ts";
import type { Owner } from "../../mailbox/contract.ts";
import { sql } from "../../platform/d1/sql.ts";
import { type File, type FileLook, openFile } from "../../platform/files.ts";
import { findAccount } from "../accounts/find.ts";
import { type AccountRow, ownerOf } from "../accounts/row.ts";
import type { Ctx, UserCtx } from "../context.ts";
import { ask } from "../engine.ts";
import { isLink } from "./links.ts";

interface AttachmentId {
  accountId: string;
  attachmentId: string;
}

/** An R2 range, or headers that may hold one. */
type Range = NonNullable<R2GetOptions["range"]>;

/**
 * Opens an attachment or an upload. The mailbox first stores its bytes.
 * @throws ServiceError not_found; invalid for an unsatisfiable range; otherwise as `ask`
 */
export async function download(
  ctx: UserCtx,
  { accountId, attachmentId }: AttachmentId,
  range: Range,
): Promise<File & FileLook> {
  return openAttachment(ctx, ownerOf(await findAccount(ctx, accountId)), attachmentId, range);
}

/**
 * The same by a link, which needs no token.
 * @param url the link as it was signed
 * @throws ServiceError forbidden for a link that is forged or has expired; otherwise as `download`
 */
export async function downloadByLink(
  ctx: Ctx,
  url: URL,
  { accountId, attachmentId }: AttachmentId,
  range: Range,
): Promise<File & FileLook> {
  if (!(await isLink(ctx, url)))
    throw forbidden("This download link is invalid or has expired; request a new one");
  // The signature stands for the tenant and the user: one of their own asked for it.
  const [row] = await ctx.db.all(sql<AccountRow>`
    SELECT * FROM es_accounts WHERE id = ${accountId} AND deleted_at IS NULL`);
  if (!row) throw notFound("Attachment");
  return openAttachment(ctx, ownerOf(row), attachmentId, range);
}

async function openAttachment(
  ctx: Ctx,
  owner: Owner,
  attachmentId: string,
  range: Range,
): Promise<File & FileLook> {
  const { file } = await ask(ctx, owner, (mailbox, of) => mailbox.file(of, attachmentId));
  return {
    ...(await openFile(ctx.env.ATTACHMENTS, file.key, range)),
    contentDisposition: contentDisposition(file.filename),
    // By the contract. It also keeps a stranger's file from being run.
    contentType: "application/octet-stream",
  };
}
