import { type SQL, sql } from "drizzle-orm/sql";
import { uuidv7 } from "../../lib/ids.ts";
import type { RowOf } from "../../platform/d1/rows.ts";
import { picturesOf } from "../attachments/images.ts";
import type { ProviderAttachment } from "../provider/port.ts";
import type { attachments } from "../schema/mail.ts";

/** A file of a message, as the database has it. */
export type FileRow = Pick<
  RowOf<typeof attachments>,
  | ("id" | "provider_attachment_id" | "nth" | "filename")
  | ("content_type" | "size_bytes" | "content_id" | "is_inline")
>;

/** Selects the files of a message. */
export const selectFiles = (messageId: SQL): SQL<FileRow> => sql`
  SELECT id, provider_attachment_id, nth, filename, content_type, size_bytes, content_id, is_inline
  FROM ems_attachments WHERE message_id = (${messageId}) ORDER BY rowid`;

/** A message's files as they will be, and what of the rows must change for it. */
export interface FilePlan {
  /** How many, and whether one is not shown by the HTML: they follow from the rows and nothing else. */
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
 * Brings the rows to what the provider tells: a file that stays keeps its row, also under another id of the provider's
 * (which comes when the mail is moved); one that is gone loses it. Which are inline is decided anew by what the HTML
 * shows.
 * @param told undefined when only the body is new
 * @param html gives the body; called only where it can matter. Null for a body that is no HTML.
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
 * The statements of a plan. Nothing happens unless the message was written by the same cause, in the same batch.
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
  const { contentIdsIn, sanitizeHtml } = await import("../../lib/html/sanitize.ts");
  return picturesOf(contentIdsIn(sanitizeHtml(markup, false)), candidates).values();
}

/** Finds the row of a file: by the provider's id, or else the next without one that is alike. */
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
