/** Where a message can lie. Own folders of a mailbox count as archive. */
export const FOLDERS = ["inbox", "sent", "drafts", "junk", "trash", "archive"] as const;
export type Folder = (typeof FOLDERS)[number];

/** In no list, inbox or count, unless they are asked for. */
export const HIDDEN_FOLDERS: readonly string[] = ["junk", "trash", "drafts"];
