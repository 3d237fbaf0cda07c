import * as z from "zod/mini";
import { type Infer, lazy } from "../lib/lazy.ts";

/** The folders of a message. A mailbox's own folders count as archive. */
export const FOLDERS = ["inbox", "sent", "drafts", "junk", "trash", "archive"] as const;
export type Folder = (typeof FOLDERS)[number];

/** Folders that lists, inbox and counts leave out unless asked for. */
export const HIDDEN_FOLDERS: readonly string[] = ["junk", "trash", "drafts"];

const FOLDER_FILTERS = [...FOLDERS, "all"] as const;
/** A folder, or `all`. Without it lists leave out junk, trash and drafts. */
export const folder = lazy(() =>
  z.optional(z.enum(FOLDER_FILTERS, `must be one of ${FOLDER_FILTERS.join(", ")}`)),
);
export type FolderFilter = Infer<typeof folder>;
