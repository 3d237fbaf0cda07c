import { lazy } from "../../lib/lazy.ts";
import type { Folder } from "../folders.ts";
import names from "./folder-names.txt";

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

/**
 * Names that mail programs and servers use, without case, blanks, hyphens and underscores. They are in a text file, as
 * code they would be parsed at each start.
 */
const byName = lazy(
  () =>
    new Map(
      names
        .trim()
        .split(/\n(?=\w)/)
        .flatMap((line) => {
          const [folder = "", list = ""] = line.split(": ");
          return list.split(/,\s+/).map((name): [string, Folder] => [plain(name), folder as Folder]);
        }),
    ),
);

/** Gmail labels that are not places. */
const NO_PLACE = /^(UNREAD|STARRED|IMPORTANT|CHAT|CATEGORY_[A-Z]+)$/;

/** Normalises spellings of one name. */
const plain = (name: string): string =>
  name
    .normalize("NFC")
    .toLowerCase()
    .replace(/[‘’ʻʼ`]/g, "'")
    .replace(/[\s_-]+/g, "");

/** Some servers nest folders below the inbox; Gmail nests its own below a folder of its name. */
const PARENT = /^(?:inbox[./]|\[(?:gmail|google mail)\]\/)/i;

/**
 * Classifies a folder by its whole name or id. Words inside a name do not count: "To be sent" is an ordinary
 * folder.
 * @returns null for a label that is not a place; undefined for an unknown name
 */
export function folderByName(name: string): Folder | null | undefined {
  if (NO_PLACE.test(name)) return null;
  return byName().get(plain(name)) ?? byName().get(plain(name.replace(PARENT, "")));
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
