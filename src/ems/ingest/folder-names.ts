import { folderUseOf } from "../../lib/folder-names.ts";
import type { Folder } from "../folders.ts";

/** Special uses of RFC 6154 section 2, and others of providers. Null: a label, not a place. */
const BY_ATTRIBUTE: Record<string, Folder | null> = {
  "\\inbox": "inbox",
  "\\sent": "sent",
  "\\drafts": "drafts",
  "\\junk": "junk",
  "\\spam": "junk",
  "\\trash": "trash",
  "\\archive": "archive",
  "\\all": "archive",
  "\\allmail": "archive",
  "\\flagged": null,
  "\\starred": null,
  "\\important": null,
};

/** Gmail labels that are not places. */
const NO_PLACE = /^(UNREAD|STARRED|IMPORTANT|CHAT|CATEGORY_[A-Z]+)$/;

/**
 * Classifies a folder by its whole name or id. Words inside a name do not count: "To be sent" is an ordinary
 * folder.
 * @returns null for a label that is not a place; undefined for an unknown name
 */
export function folderByName(name: string): Folder | null | undefined {
  if (NO_PLACE.test(name)) return null;
  return folderUseOf(name);
}

/**
 * Classifies a folder by its special use, else by its name. User-made folders are archive.
 * @returns null for a label that is not a place
 */
export function folderOf({ id, name, attributes }: { id: string; name: string; attributes: string[] }) {
  for (const attribute of attributes) {
    const folder = BY_ATTRIBUTE[attribute.toLowerCase()];
    if (folder !== undefined) return folder;
  }
  const named = folderByName(name);
  return named !== undefined ? named : (folderByName(id) ?? "archive");
}
