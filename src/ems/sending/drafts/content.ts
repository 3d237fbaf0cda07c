import { invalid } from "../../../lib/errors.ts";
import type { RowOf } from "../../../platform/d1/rows.ts";
import { log } from "../../../platform/log.ts";
import type { Ctx } from "../../context.ts";
import { overflow } from "../../garbage.ts";
import type { drafts } from "../../schema/sending.ts";
import type { DraftContent } from "./responses.ts";
import type { DraftUpdate } from "./schemas.ts";

export type DraftRow = RowOf<typeof drafts>;
export type ContentColumns = Pick<DraftRow, "content" | "content_key">;

/** More than a request body may have (5 MB), so only a draft built by several requests reaches it. */
const MAX_BYTES = 6 * 1024 * 1024;

/** An empty draft. */
export const EMPTY: DraftContent = {
  to: [],
  cc: [],
  bcc: [],
  subject: "",
  body_html: "",
  body_text: null,
  attachment_ids: [],
};

/** Applies changes to a draft's content: an absent field stays, null empties it. */
export function mergeContent(content: DraftContent, changes: Partial<DraftUpdate>): DraftContent {
  const merge = <T>(given: T | null | undefined, old: T, empty: T): T =>
    given === undefined ? old : (given ?? empty);
  return {
    to: merge(changes.to, content.to, EMPTY.to),
    cc: merge(changes.cc, content.cc, EMPTY.cc),
    bcc: merge(changes.bcc, content.bcc, EMPTY.bcc),
    subject: merge(changes.subject, content.subject, EMPTY.subject),
    body_html: merge(changes.body_html, content.body_html, EMPTY.body_html),
    body_text: merge(changes.body_text, content.body_text, EMPTY.body_text),
    attachment_ids: merge(changes.attachment_ids, content.attachment_ids, EMPTY.attachment_ids),
  };
}

/**
 * Stores a draft's content. Large content is in R2 before this returns, so before the row refers to it. Each call
 * uses a new key, so concurrent writers never delete each other's object.
 * @returns the content columns of the draft's row
 * @throws ServiceError invalid above 6 MB
 */
export async function storeContent(
  ctx: Ctx,
  { company_id, id }: Pick<DraftRow, "company_id" | "id">,
  content: DraftContent,
): Promise<ContentColumns> {
  const json = JSON.stringify(content);
  const bytes = new TextEncoder().encode(json);
  if (bytes.length > MAX_BYTES) throw invalid(`body: the draft would exceed ${MAX_BYTES} bytes`);
  const keyOf = () => `drafts/${company_id}/${id}/${crypto.randomUUID()}.json`;
  const content_key = await overflow(ctx, company_id, bytes, keyOf);
  return { content: content_key === null ? json : null, content_key };
}

/**
 * Reads a draft's content from its row or from R2.
 * @returns null when the object is missing: the row was changed or deleted since it was read
 */
export async function loadContent({ env }: Ctx, columns: ContentColumns): Promise<DraftContent | null> {
  if (columns.content_key === null) return JSON.parse(columns.content ?? "null") ?? EMPTY;
  const object = await env.ATTACHMENTS.get(columns.content_key);
  return object && (await object.json<DraftContent>());
}

/** Deletes an object that no row refers to, after the response. If that fails, housekeeping deletes it. */
export function discardContent({ env, defer }: Ctx, key: string | null): void {
  if (key === null) return;
  defer(env.ATTACHMENTS.delete(key).catch((error) => log("warn", "draft.orphan", { key, error })));
}
