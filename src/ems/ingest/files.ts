import { contentIdsIn, sanitizeHtml } from "../../lib/html/sanitize.ts";
import { uuidv7 } from "../../lib/ids.ts";
import type { RowOf } from "../../platform/d1/rows.ts";
import { type SQL, sql } from "../../platform/d1/sql.ts";
import { picturesOf } from "../attachments/images.ts";
import type { ProviderAttachment } from "../provider/port.ts";
import type { attachments } from "../schema/mail.ts";

/** A file's row. */
export type FileRow = Pick<
  RowOf<typeof attachments>,
  | ("id" | "provider_attachment_id" | "nth" | "filename")
  | ("content_type" | "size_bytes" | "content_id" | "is_inline")
>;

/** Selects the files of a message, in their order. */
export const selectFiles = (messageId: SQL): SQL<FileRow> => sql`
  SELECT id, provider_attachment_id, nth, filename, content_type, size_bytes, content_id, is_inline
  FROM ems_attachments WHERE message_id = (${messageId}) ORDER BY rowid`;

/** The changes that bring a message's file rows to the new state. */
export interface FilePlan {
  /** Derived from the rows: their number, and whether any is not shown inline by the HTML. */
  attachment_count: number;
  has_attachments: boolean;
  inserted: FileRow[];
  updated: FileRow[];
  /** Ids of rows. */
  deleted: string[];
}

export const isUnchanged = ({ inserted, updated, deleted }: FilePlan): boolean =>
  inserted.length + updated.length + deleted.length === 0;

/**
 * Plans the changes of a message's file rows. A file keeps its row even when a move gives it a new provider id.
 * Which files are inline is recomputed from the HTML.
 * @param listed the provider's files; undefined when only the body is new
 * @param html loads the HTML, null for a plain-text body; called only when it can matter
 */
export async function planFiles(
  stored: FileRow[],
  listed: ProviderAttachment[] | undefined,
  html: () => Promise<string | null>,
): Promise<FilePlan> {
  const files = listed ? withNth(listed) : stored;
  const shown = new Set(await findShown(files, html));
  const rowOf = matchRows(stored, files);
  const wanted = files.map(
    (file): FileRow => ({
      ...file,
      id: rowOf(file)?.id ?? uuidv7(),
      is_inline: shown.has(file) ? 1 : 0,
    }),
  );
  const kept = new Set(wanted.map(({ id }) => id));
  const before = new Map(stored.map((row) => [row.id, row]));
  return {
    attachment_count: wanted.length,
    has_attachments: wanted.some(({ is_inline }) => is_inline === 0),
    inserted: wanted.filter(({ id }) => !before.has(id)),
    updated: wanted.filter((file) => before.has(file.id) && !isSameFile(file, before.get(file.id))),
    deleted: stored.flatMap(({ id }) => (kept.has(id) ? [] : id)),
  };
}

/**
 * The statements of a plan. They do nothing unless the same cause wrote the message in this batch.
 * @param id of the message
 */
export function writeFiles(id: string, cause: string, { inserted, updated, deleted }: FilePlan): SQL[] {
  const isOurs = sql`EXISTS (SELECT 1 FROM ems_messages WHERE id = ${id} AND applied_by = ${cause})`;
  const remove = sql`
    DELETE FROM ems_attachments
    WHERE message_id = ${id} AND id IN (SELECT value FROM json_each(${JSON.stringify(deleted)})) AND ${isOurs}`;
  const change = sql`
    UPDATE ems_attachments SET provider_attachment_id = value ->> 'provider_attachment_id', nth = value ->> 'nth',
      filename = value ->> 'filename', content_type = value ->> 'content_type', size_bytes = value ->> 'size_bytes',
      content_id = value ->> 'content_id', is_inline = value ->> 'is_inline'
    FROM json_each(${JSON.stringify(updated)})
    WHERE ems_attachments.id = value ->> 'id' AND message_id = ${id} AND ${isOurs}`;
  const insert = sql`
    INSERT INTO ems_attachments (id, company_id, account_id, message_id, provider_attachment_id, nth, filename,
      content_type, size_bytes, content_id, is_inline, created_at)
    SELECT value ->> 'id', m.company_id, m.account_id, m.id, value ->> 'provider_attachment_id', value ->> 'nth',
      value ->> 'filename', value ->> 'content_type', value ->> 'size_bytes', value ->> 'content_id',
      value ->> 'is_inline', unixepoch()
    FROM json_each(${JSON.stringify(inserted)}) JOIN ems_messages m ON m.id = ${id} AND m.applied_by = ${cause}
    WHERE true ON CONFLICT (message_id, provider_attachment_id, nth) DO NOTHING`;
  return [
    ...(deleted.length ? [remove] : []),
    ...(updated.length ? [change] : []),
    ...(inserted.length ? [insert] : []),
  ];
}

type File = Omit<FileRow, "id" | "is_inline">;

function withNth(listed: ProviderAttachment[]): File[] {
  const counts = new Map<string, number>();
  return listed.map(({ id, filename, content_type, size_bytes, content_id }) => {
    const nth = counts.get(id) ?? 0;
    counts.set(id, nth + 1);
    return { provider_attachment_id: id, nth, filename, content_type, size_bytes, content_id };
  });
}

async function findShown<Each extends File>(
  files: Each[],
  html: () => Promise<string | null>,
): Promise<Iterable<Each>> {
  const candidates = files.filter(({ content_id }) => content_id !== null);
  if (candidates.length === 0) return [];
  const markup = await html();
  if (!markup || !/cid:/i.test(markup)) return [];
  return picturesOf(contentIdsIn(sanitizeHtml(markup, false)), candidates).values();
}

/** Matches a file to its row by provider id, else to the next unmatched row of equal name and size. */
function matchRows(stored: FileRow[], files: File[]): (file: File) => FileRow | undefined {
  const known = new Map(stored.map((row) => [identityOf(row), row]));
  const current = new Set(files.map(identityOf));
  const left = Map.groupBy(
    stored.filter((row) => !current.has(identityOf(row))),
    nameAndSize,
  );
  return (file) => known.get(identityOf(file)) ?? left.get(nameAndSize(file))?.shift();
}

const nameAndSize = ({ filename, size_bytes }: File): string => `${size_bytes}/${filename}`;

const identityOf = ({ provider_attachment_id, nth }: File): string => `${nth}/${provider_attachment_id}`;

const isSameFile = (file: FileRow, row: FileRow | undefined): boolean =>
  identityOf(file) === (row && identityOf(row)) &&
  file.filename === row?.filename &&
  file.content_type === row.content_type &&
  file.size_bytes === row.size_bytes &&
  file.content_id === row.content_id &&
  file.is_inline === row.is_inline;
