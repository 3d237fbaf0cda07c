import type { Folder, FolderState } from "./folder.ts";
import type { Profile } from "./profile.ts";
import type { World } from "./world.ts";

/** All of a world that outlives its process, as JSON keeps it. */
export interface WorldSnapshot {
  mailboxes: {
    address: string;
    password: string;
    accessTokens: string[];
    profile: Profile;
    folders: (FolderState & {
      removed: Folder["removed"];
      mails: {
        uid: number;
        flags: string[];
        receivedAt: number;
        modseq: number;
        emailId: string;
        raw: string;
      }[];
    })[];
  }[];
}

export function takeSnapshot(world: World): WorldSnapshot {
  return {
    mailboxes: [...world.mailboxes.values()].map(({ address, password, accessTokens, profile, folders }) => ({
      address,
      password,
      accessTokens: [...accessTokens],
      profile,
      folders: [...folders.values()].map(({ mails, ...folder }) => ({
        ...folder,
        mails: mails.map((mail) => ({
          ...mail,
          flags: [...mail.flags],
          // A character for each byte: what is mostly text stays legible, and short.
          raw: mail.raw.toString("latin1"),
        })),
      })),
    })),
  };
}

/** Puts the mailboxes of a snapshot into a world, with the UIDs that clients know. */
export function restore(world: World, snapshot: WorldSnapshot): void {
  for (const { address, password, accessTokens, profile, folders } of snapshot.mailboxes) {
    const mailbox = world.addMailbox(address, password, profile);
    mailbox.accessTokens = new Set(accessTokens);
    mailbox.folders.clear();
    for (const { mails, removed, ...state } of folders) {
      const folder = mailbox.create(state);
      folder.removed = removed;
      folder.mails = mails.map((mail) => ({
        ...mail,
        flags: new Set(mail.flags),
        raw: Buffer.from(mail.raw, "latin1"),
      }));
    }
  }
}
