import { invalid } from "../../../lib/errors.ts";
import type { RowOf } from "../../../platform/d1/rows.ts";
import { log } from "../../../platform/log.ts";
import type { Ctx } from "../../context.ts";
import { overflow } from "../../garbage.ts";
import type { drafts } from "../../schema/sending.ts";
import type { DraftContent, DraftUpdate } from "./schemas.ts";

export type DraftRow = RowOf<typeof drafts>;
export type ContentColumns = Pick<DraftRow, "content" | "content_key">;

/** More than one request can bring: only a draft that is put together of several gets there. */
const MAX_BYTES = 6 * 1024 * 1024;

/** A draft in which nothing has been written. */
export const EMPTY: DraftContent = {
  to: [],
  cc: [],
  bcc: [],
  subject: "",
  body_html: "",
  body_text: null,
  attachment_ids: [],
};

/** What a draft says after a change: absent fields stay, null empties. */
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
 * Puts what has been written where it belongs. A large text is in R2 when this returns, before the row that refers
 * to it, under a key of its own: nobody who writes at the same time has the same, so each may discard their own.
 * @throws ServiceError `invalid` above 6 MB
 */
export async function storeContent(
  ctx: Ctx,
  { company_id, id }: Pick<DraftRow, "company_id" | "id">,
  content: DraftContent,
): Promise<ContentColumns> {
  const json = JSON.stringify(content);
  const bytes = new TextEncoder().encode(json);
  if (bytes.length > MAX_BYTES) throw invalid(`body: makes the draft larger than ${MAX_BYTES} bytes`);
  const keyOf = () => `drafts/${company_id}/${id}/${crypto.randomUUID()}.json`;
  const content_key = await overflow(ctx, company_id, bytes, keyOf);
  return { content: content_key === null ? json : null, content_key };
}

/**
 * Reads what has been written, wherever it lies.
 * @returns null when its object is not there: the row has been changed or deleted since it was read
 */
export async function loadContent({ env }: Ctx, columns: ContentColumns): Promise<DraftContent | null> {
  if (columns.content_key === null) return JSON.parse(columns.content ?? "null") ?? EMPTY;
  const object = await env.ATTACHMENTS.get(columns.content_key);
  return object && (await object.json<DraftContent>());
}

/** Deletes the object that no row refers to any more, after the answer. If that fails, housekeeping does it. */
export function discardContent({ env, defer }: Ctx, key: string | null): void {
  if (key === null) return;
  defer(env.ATTACHMENTS.delete(key).catch((error) => log("warn", "draft.orphan", { key, error })));
}
