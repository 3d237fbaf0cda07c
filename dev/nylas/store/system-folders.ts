import { createHash } from "node:crypto";
import { protocolOf } from "./ids.ts";
import type { Grant } from "./store.ts";

/** The role of a system folder, named like Gmail's label. Incoming messages use these names. */
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

/** Names as mail servers of the region use them. */
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
 * The folder of a grant for a role. On Google the id is the role; on IMAP the id is the name, in any language;
 * Microsoft ids are opaque.
 */
export function systemFolder(
  { id: grantId, provider }: Pick<Grant, "id" | "provider">,
  role: Role,
): SystemFolder {
  const attribute = ATTRIBUTES[role];
  const protocol = protocolOf(provider);
  if (protocol === "google") return { id: role, name: role, attribute };
  if (protocol === "imap") return { id: IMAP[role], name: IMAP[role], attribute };
  const digest = createHash("sha256").update(`${grantId} ${role}`).digest("base64");
  return { id: `AAMkADFk${digest}`, name: MICROSOFT[role], attribute };
}

/** Translates a role into the id of its folder. Any other name is an id already. */
export const folderIdFor = (grant: Pick<Grant, "id" | "provider">, folder: string): string =>
  (ROLES as string[]).includes(folder) ? systemFolder(grant, folder as Role).id : folder;
