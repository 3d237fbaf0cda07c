import { sql } from "drizzle-orm";
import { cutPage, type Position, rowsFor, sliceOf } from "../../lib/pagination.ts";
import { batch, inCompanies, type UserCtx } from "../context.ts";
import { after, totalOf } from "../lists.ts";
import { type DraftRow, loadContent } from "./content.ts";
import { findDraft, toResponse } from "./drafts.ts";
import type { DraftResponse, DraftsQuery } from "./schemas.ts";

/** D1 holds a whole answer in memory: contents come in portions of this many drafts. */
const PORTION = 25;

/**
 * A page of the drafts of the caller's companies, the latest updated first. The items come while they are read.
 * The total is counted: the drafts of a company are as many as its people have begun, not as many as its mail.
 */
export async function listDrafts(
  ctx: UserCtx,
  { account_id, ...query }: DraftsQuery,
): Promise<{ items: AsyncIterable<DraftResponse>; total: number; next_cursor: string | null }> {
  const slice = sliceOf(query);
  const ofAccount = account_id ? sql`AND account_id = ${account_id}` : sql``;
  const [counted, ...lists] = await batch(ctx, [
    sql`SELECT count(*) AS total FROM ems_drafts WHERE company_id ${inCompanies(ctx)} ${ofAccount}`,
    ...ctx.user.companies.map(
      (company) => sql`
        SELECT id, updated_at AS at FROM ems_drafts
        WHERE company_id = ${company} ${ofAccount} ${after("updated_at", "id", query.cursor)}
        ORDER BY updated_at DESC, id DESC LIMIT ${rowsFor(slice)}`,
    ),
  ]);
  const { rows, next_cursor } = cutPage(lists as Position[][], slice);
  const items = draftsByIds(
    ctx,
    rows.map(({ id }) => id),
  );
  return { items, total: totalOf(counted), next_cursor };
}

/** Those of the drafts that are the caller's and are still there, in the order of the ids. */
async function* draftsByIds(ctx: UserCtx, ids: string[]): AsyncGenerator<DraftResponse> {
  for (let start = 0; start < ids.length; start += PORTION) {
    const portion = ids.slice(start, start + PORTION);
    const rows = await ctx.db.all<DraftRow>(sql`
      SELECT d.* FROM json_each(${JSON.stringify(portion)}) j CROSS JOIN ems_drafts d ON d.id = j.value
      WHERE +d.company_id ${inCompanies(ctx)} ORDER BY j.key`);
    for (const row of rows) {
      const content = await loadContent(ctx, row);
      const draft = content ? { row, content } : await findDraft(ctx, row.id);
      if (draft) yield toResponse(draft);
    }
  }
}
