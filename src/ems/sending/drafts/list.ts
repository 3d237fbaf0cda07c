import { sql } from "../../../platform/d1/sql.ts";
import { inCompanies, type UserCtx } from "../../context.ts";
import type { ListedPage } from "../../lists/merge.ts";
import { isOneStatement, listPage } from "../../lists/page.ts";
import type { RowKey } from "../../lists/pagination.ts";
import { type DraftRow, loadContent } from "./content.ts";
import type { DraftResponse } from "./responses.ts";
import type { DraftsQuery } from "./schemas.ts";
import { findDraft, toResponse } from "./versions.ts";

/** D1 buffers a whole result in memory, so contents are read in batches of this many drafts. */
const BATCH = 25;

const COLUMNS = sql<RowKey>`id, updated_at AS at`;

const LIST = { table: "ems_drafts", at: "updated_at", columns: COLUMNS, counter: "draft_count" } as const;
const WHOLE = { ...LIST, columns: sql<RowKey & DraftRow>`*, updated_at AS at` };

/** Lists drafts of the caller's companies, last updated first. Items are read while the response streams. */
export async function listDrafts(
  ctx: UserCtx,
  query: DraftsQuery,
): Promise<Omit<ListedPage<RowKey>, "rows"> & { items: AsyncIterable<DraftResponse> }> {
  if (query.size <= BATCH && isOneStatement(ctx, query)) {
    const { rows, ...listing } = await listPage(ctx, query, WHOLE);
    return { ...listing, items: draftsOf(ctx, rows) };
  }
  const { rows, ...listing } = await listPage(ctx, query, LIST);
  const ids = rows.map(({ id }) => id);
  return { ...listing, items: draftsByIds(ctx, ids) };
}

/** Yields the caller's drafts in the order of `ids`. Drafts deleted since are left out. */
async function* draftsByIds(ctx: UserCtx, ids: string[]): AsyncGenerator<DraftResponse> {
  for (let start = 0; start < ids.length; start += BATCH) {
    const batch = ids.slice(start, start + BATCH);
    const rows = await ctx.db.all(sql<DraftRow>`
      SELECT d.* FROM json_each(${JSON.stringify(batch)}) j CROSS JOIN ems_drafts d ON d.id = j.value
      WHERE +d.company_id ${inCompanies(ctx)}`);
    const drafts = new Map(rows.map((row) => [row.id, row]));
    yield* draftsOf(
      ctx,
      batch.flatMap((id) => drafts.get(id) ?? []),
    );
  }
}

async function* draftsOf(ctx: UserCtx, rows: DraftRow[]): AsyncGenerator<DraftResponse> {
  for (const row of rows) {
    const content = await loadContent(ctx, row);
    const draft = content ? { row, content } : await findDraft(ctx, row.id);
    if (draft) yield toResponse(draft);
  }
}
