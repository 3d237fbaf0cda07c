import { type FolderUse, folderUseOf } from "../../lib/folder-names.ts";
import type { FolderType } from "../contract.ts";

/** A folder as the server lists it. */
export interface ListedFolder {
  /** Decoded from modified UTF-7. */
  path: string;
  /** Null for a flat name. */
  delimiter: string | null;
  /** Attributes of LIST, with those of RFC 6154 section 2. */
  attributes: Iterable<string>;
}

/** A folder with its place among the others. */
export interface NamedFolder {
  path: string;
  delimiter: string | null;
  type: FolderType;
  parentPath: string | null;
}

const BY_ATTRIBUTE: Record<string, FolderType> = {
  "\\inbox": "inbox",
  "\\sent": "sent",
  "\\drafts": "drafts",
  "\\junk": "spam",
  "\\spam": "spam",
  "\\trash": "trash",
};

const BY_USE: Partial<Record<FolderUse, FolderType>> = {
  sent: "sent",
  drafts: "drafts",
  junk: "spam",
  trash: "trash",
};

const NOT_SELECTABLE = /^\\(noselect|nonexistent)$/i;

/**
 * Names the folders that can be opened. The server's word for what a folder is for counts before its name, and each type is
 * given once: by attribute, then to the name nearest to the top.
 * @param prefix of the personal namespace (RFC 2342), such as "INBOX.": it is no parent
 */
export function nameFolders(listed: ListedFolder[], prefix = ""): NamedFolder[] {
  const folders = listed.filter(
    ({ path, attributes }) =>
      path !== "" && ![...attributes].some((attribute) => NOT_SELECTABLE.test(attribute)),
  );
  const types = typesOf(folders);
  const paths = new Set(folders.map(({ path }) => path));
  return folders.map(({ path, delimiter }) => ({
    path,
    delimiter,
    type: types.get(path) ?? "custom",
    parentPath: parentOf(path, delimiter, paths, prefix),
  }));
}

function typesOf(folders: ListedFolder[]): Map<string, FolderType> {
  const types = new Map<string, FolderType>();
  const taken = new Set<FolderType>();
  const give = (path: string, type: FolderType | undefined) => {
    if (type === undefined || taken.has(type) || types.has(path)) return;
    types.set(path, type);
    taken.add(type);
  };
  for (const { path } of folders) if (path.toUpperCase() === "INBOX") give(path, "inbox");
  for (const { path, attributes } of folders)
    for (const attribute of attributes) give(path, BY_ATTRIBUTE[attribute.toLowerCase()]);
  const depthOf = ({ path, delimiter }: ListedFolder) => (delimiter ? path.split(delimiter).length : 1);
  const byDepth = [...folders].sort((a, b) => depthOf(a) - depthOf(b));
  for (const { path, attributes } of byDepth) {
    // A folder with another purpose, for example an archive, is not what its name says.
    const hasPurpose = [...attributes].some((attribute) => /^\\(all|archive|flagged)$/i.test(attribute));
    const use = hasPurpose ? undefined : folderUseOf(path);
    give(path, use && BY_USE[use]);
  }
  return types;
}

/** The nearest level above that is a folder itself. */
function parentOf(path: string, delimiter: string | null, paths: Set<string>, prefix: string): string | null {
  if (!delimiter) return null;
  const top = path.startsWith(prefix) ? prefix.length : 0;
  for (
    let end = path.lastIndexOf(delimiter);
    end >= top && end > 0;
    end = path.lastIndexOf(delimiter, end - 1)
  ) {
    const parent = path.slice(0, end);
    if (paths.has(parent)) return parent;
  }
  return null;
}
