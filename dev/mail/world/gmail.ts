import type { Folder, Mail, NewMail } from "./folder.ts";
import type { Mailbox } from "./mailbox.ts";

// Gmail keeps each message once, in All Mail, in Spam or in Trash. Its other folders show the messages of a label.

const ALONE = ["\\Junk", "\\Trash"];

/** Puts a message into a folder. On Gmail it is there once, and also in All Mail. @returns it in that folder */
export function copyInto(mailbox: Mailbox, folder: Folder, mail: NewMail): Mail {
  if (!mailbox.profile.gmail) return folder.add(mail);
  const present = folder.mails.find(({ emailId }) => emailId === mail.emailId);
  if (present) return present;
  const copy = folder.add(mail);
  const isAlone = ALONE.includes(folder.specialUse ?? "");
  for (const other of mailbox.folders.values()) {
    const ends = isAlone || ALONE.includes(other.specialUse ?? "");
    if (other !== folder && ends) other.remove(other.mails.filter(({ emailId }) => emailId === mail.emailId));
  }
  const all = mailbox.special("\\All");
  if (!isAlone && all && all !== folder) copyInto(mailbox, all, mail);
  return copy;
}

/** Takes messages out of a folder. On Gmail they lose its label, unless the folder is where they are kept. */
export function dropFrom(mailbox: Mailbox, folder: Folder, mails: Mail[]): void {
  folder.remove(mails);
  if (!mailbox.profile.gmail || folder.specialUse !== "\\All") return;
  const ids = new Set(mails.map(({ emailId }) => emailId));
  for (const other of mailbox.folders.values()) {
    if (!ALONE.includes(other.specialUse ?? "")) {
      other.remove(other.mails.filter(({ emailId }) => ids.has(emailId)));
    }
  }
}

/** Sets the flags of a message: on Gmail, in all folders that show it. */
export function setFlags(mailbox: Mailbox, folder: Folder, mail: Mail, flags: Set<string>): boolean {
  if (!mailbox.profile.gmail) return folder.setFlags(mail, flags);
  let isChanged = false;
  for (const each of mailbox.folders.values()) {
    const found = each.mails.find(({ emailId }) => emailId === mail.emailId);
    if (found && each.setFlags(found, new Set(flags))) isChanged = true;
  }
  return isChanged;
}

/** The labels of a message: the folders that show it, but for the one that is open. */
export function labelsOf(mailbox: Mailbox, folder: Folder, mail: Mail): string[] {
  return [...mailbox.folders.values()]
    .filter((each) => each !== folder && each.specialUse !== "\\All")
    .filter((each) => each.mails.some(({ emailId }) => emailId === mail.emailId))
    .map(nameOf);
}

/** What Gmail calls otherwise than RFC 6154. */
const OWN_NAMES: Record<string, string> = { "\\Drafts": "\\Draft", "\\Junk": "\\Spam" };

const nameOf = ({ path, specialUse }: Folder): string => {
  if (path === "INBOX") return "\\Inbox";
  return specialUse === null ? path : (OWN_NAMES[specialUse] ?? specialUse);
};

/** Gives a message a label, or takes it. A label that does not exist is made. */
export function setLabel(mailbox: Mailbox, mail: Mail, label: string, isOn: boolean): void {
  const found = [...mailbox.folders.values()].find((each) => nameOf(each) === label);
  const folder = found ?? mailbox.create({ path: label });
  if (isOn) copyInto(mailbox, folder, mail);
  else folder.remove(folder.mails.filter(({ emailId }) => emailId === mail.emailId));
  const all = mailbox.special("\\All");
  const shown = all?.find(all.mails.find(({ emailId }) => emailId === mail.emailId)?.uid ?? 0);
  if (!all || !shown) return;
  shown.modseq = ++all.modseq;
  all.changed();
}
