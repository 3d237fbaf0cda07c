import { type Profile, profileSchema } from "../world/profile.ts";
import type { Session } from "./session.ts";

const OTHERS = profileSchema.parse({});

/** What the server can do. Before a client has signed in, its mailbox is not known. */
export function capabilitiesOf({ mailbox, connection }: Session, door: Profile = OTHERS): string {
  const profile = mailbox?.profile ?? door;
  const before = ["SASL-IR", ...(connection.isSecure ? [] : ["STARTTLS"]), "AUTH=PLAIN", "AUTH=XOAUTH2"];
  const after = [
    "CHILDREN",
    "COMPRESS=DEFLATE",
    "ESEARCH",
    "IDLE",
    "LIST-EXTENDED",
    "LIST-STATUS",
    "MOVE",
    "NAMESPACE",
    "SPECIAL-USE",
    "UIDPLUS",
    "UNSELECT",
    ...(profile.sync === "none" ? [] : ["CONDSTORE"]),
    ...(profile.sync === "qresync" ? ["QRESYNC"] : []),
    ...(profile.objectIds ? ["OBJECTID"] : []),
    ...(profile.gmail ? ["X-GM-EXT-1"] : []),
  ];
  const all = ["IMAP4rev1", "LITERAL+", "ID", "ENABLE", ...(mailbox ? after : before)];
  return all.filter((each) => !profile.lacks.includes(each)).join(" ");
}
