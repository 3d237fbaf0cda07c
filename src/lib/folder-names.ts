import names from "./folder-names.txt";
import { lazy } from "./lazy.ts";

/** What a folder is for. */
export type FolderUse = "inbox" | "sent" | "drafts" | "junk" | "trash" | "archive";

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
          const [use = "", list = ""] = line.split(": ");
          return list.split(/,\s+/).map((name): [string, FolderUse] => [plain(name), use as FolderUse]);
        }),
    ),
);

/** Normalises spellings of one name. */
const plain = (name: string): string =>
  name
    .normalize("NFC")
    .toLowerCase()
    .replace(/[‘’ʻʼ`]/g, "'")
    .replace(/[\s_-]+/g, "");

/** Some servers nest folders below the inbox; Gmail nests its own below a folder of its name. */
const PARENT = /^(?:inbox[./]|\[(?:gmail|google mail)\]\/)/i;

/** Classifies a folder by its whole name. Words inside a name do not count: "To be sent" is an ordinary folder. */
export const folderUseOf = (name: string): FolderUse | undefined =>
  byName().get(plain(name)) ?? byName().get(plain(name.replace(PARENT, "")));
