import { createHash } from "node:crypto";
import type { Grant } from "./store.ts";

/** What a system folder is for, by the name that Gmail's labels have; a mail that comes in names it so. */
export type Role = "INBOX" | "SENT" | "DRAFTS" | "ARCHIVE" | "SPAM" | "TRASH";

export interface SystemFolder {
  id: string;
  name: string;
  /** RFC 6154. */
  attribute: string;
}

const ATTRIBUTES: Record<Role, string> = {
  INBOX: "\\Inbox",
  SENT: "\\Sent",
  DRAFTS: "\\Drafts",
  ARCHIVE: "\\Archive",
  SPAM: "\\Junk",
  TRASH: "\\Trash",
};

const MICROSOFT: Record<Role, string> = {
  INBOX: "Inbox",
  SENT: "Sent Items",
  DRAFTS: "Drafts",
  ARCHIVE: "Archive",
  SPAM: "Junk Email",
  TRASH: "Deleted Items",
};

/** As many a mail server of the region names them. */
const IMAP: Record<Role, string> = {
  INBOX: "INBOX",
  SENT: "Отправленные",
  DRAFTS: "Черновики",
  ARCHIVE: "Архив",
  SPAM: "Спам",
  TRASH: "Корзина",
};

export const ROLES = Object.keys(ATTRIBUTES) as Role[];

/**
 * A grant's folder for one purpose. Google's labels tell it by their id; on IMAP the id is the name, in whatever
 * language; Microsoft's ids tell nothing.
 */
export function systemFolder(
  { id: grantId, provider }: Pick<Grant, "id" | "provider">,
  role: Role,
): SystemFolder {
  const attribute = ATTRIBUTES[role];
  if (provider === "google") return { id: role, name: role, attribute };
  if (provider === "imap") return { id: IMAP[role], name: IMAP[role], attribute };
  const digest = createHash("sha256").update(`${grantId} ${role}`).digest("base64");
  return { id: `AAMkADFk${digest}`, name: MICROSOFT[role], attribute };
}

/** The id of the folder that a mail is put into: that of a purpose, else the name as it stands. */
export const folderIdFor = (grant: Pick<Grant, "id" | "provider">, folder: string): string =>
  (ROLES as string[]).includes(folder) ? systemFolder(grant, folder as Role).id : folder;
