import { existsSync, mkdirSync, readFileSync, renameSync, truncateSync, writeFileSync } from "node:fs";
import { appendFile } from "node:fs/promises";
import { join } from "node:path";

/** How far an export is: saved after each page, so that a run that ends early goes on from there. */
export interface Progress {
  company: number;
  /** Steps that are done. */
  done: string[];
  /** The step under way, and the cursor of its next page. */
  step: string | null;
  cursor: string | null;
  /** Bytes of each file up to here. What lies beyond is of a page that was not finished. */
  bytes: Record<string, number>;
  /** Attachments that the provider no longer has. */
  missing: string[];
}

/** The folder of an export: a file of JSON lines per kind, a folder of mails, and how far the export is. */
export interface Folder {
  progress: Progress;
  /** Adds rows to the file of a kind. They count once the progress is saved. */
  append(kind: string, rows: object[]): Promise<void>;
  mailPath(messageId: string): string;
  save(): void;
}

/**
 * Opens the folder, and cuts off what an earlier run did not finish.
 * @throws Error when the folder has the export of another company
 */
export function openFolder(path: string, company: number): Folder {
  mkdirSync(join(path, "mails"), { recursive: true });
  const file = join(path, "progress.json");
  const start: Progress = { company, done: [], step: null, cursor: null, bytes: {}, missing: [] };
  const progress: Progress = existsSync(file) ? JSON.parse(readFileSync(file, "utf8")) : start;
  if (progress.company !== company)
    throw new Error(`${path} has the export of company ${progress.company}: give another folder with --out`);
  const pathOf = (kind: string) => join(path, `${kind}.ndjson`);
  for (const [kind, bytes] of Object.entries(progress.bytes)) truncateSync(pathOf(kind), bytes);
  return {
    progress,
    append: async (kind, rows) => {
      // A file without a saved length is of a run that ended before its first page.
      if (progress.bytes[kind] === undefined) writeFileSync(pathOf(kind), "");
      const text = rows.map((row) => `${JSON.stringify(row)}\n`).join("");
      await appendFile(pathOf(kind), text);
      progress.bytes[kind] = (progress.bytes[kind] ?? 0) + Buffer.byteLength(text);
    },
    mailPath: (messageId) => join(path, "mails", `${messageId}.eml`),
    save: () => {
      // Renamed, so that a crash leaves the old progress or the new one.
      writeFileSync(`${file}.new`, JSON.stringify(progress));
      renameSync(`${file}.new`, file);
    },
  };
}
