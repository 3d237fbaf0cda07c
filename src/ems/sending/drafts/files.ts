import { sql } from "../../../platform/d1/sql.ts";
import { shownBy } from "../../attachments/images.ts";
import { ofCompany, type UserCtx } from "../../context.ts";
import type { DraftFileResponse } from "./responses.ts";
import { requireDraft } from "./versions.ts";

type FileRow = Omit<DraftFileResponse, "is_inline">;

/** Lists the files that a draft names, in its order, without those that are gone. @throws ServiceError not_found */
export async function listDraftFiles(ctx: UserCtx, id: string): Promise<DraftFileResponse[]> {
  const { row, content } = await requireDraft(ctx, id);
  if (content.attachment_ids.length === 0) return [];
  const ids = JSON.stringify(content.attachment_ids);
  const { company_id } = row;
  const rows = await ofCompany(ctx, company_id).db.all(sql<FileRow>`
    SELECT f.id, f.filename, f.content_type, f.size_bytes, f.content_id
    FROM json_each(${ids}) j CROSS JOIN ems_uploads f ON f.id = j.value WHERE f.company_id = ${company_id}
    UNION ALL
    SELECT f.id, f.filename, f.content_type, f.size_bytes, f.content_id
    FROM json_each(${ids}) j CROSS JOIN ems_attachments f ON f.id = j.value WHERE f.company_id = ${company_id}`);
  const files = new Map(rows.map((file) => [file.id, file]));
  const shownId = shownBy(content.body_html);
  return content.attachment_ids.flatMap((fileId) => {
    const file = files.get(fileId);
    return file ? [{ ...file, is_inline: shownId(file.content_id) !== null }] : [];
  });
}
