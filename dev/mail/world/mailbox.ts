import { Faults } from "./faults.ts";
import { Folder, type FolderState, type Mail } from "./folder.ts";
import type { Profile } from "./profile.ts";

/** A client's connection, as tests see it. Secrets are not in it. */
export interface ConnectionRecord {
  protocol: "imap" | "pop3" | "smtp";
  isOpen: boolean;
  isSecure: boolean;
  /** Names, with arguments except of those that sign in. */
  commands: string[];
  /** In bytes, before compression. */
  readonly received: number;
  readonly sent: number;
  cut(): void;
}

/** Why a server says no: the text of its answer, with a response code in brackets where there is one. */
export class Refusal extends Error {
  readonly isBad: boolean;

  constructor(text: string, { isBad = false } = {}) {
    super(text);
    this.isBad = isBad;
  }
}

/** A mailbox: its folders, who may open it, and how its server behaves. */
export class Mailbox {
  readonly address: string;
  password: string;
  /** Of OAuth, as long as they are valid. */
  accessTokens = new Set<string>();
  readonly folders = new Map<string, Folder>();
  readonly faults = new Faults();
  readonly connections: ConnectionRecord[] = [];
  profile: Profile;
  isEnabled = true;
  /** While a client of POP3 has it. */
  isLocked = false;
  #lastUidValidity: number;

  constructor(address: string, password: string, profile: Profile, uidValidity: number) {
    this.address = address;
    this.password = password;
    this.profile = profile;
    this.#lastUidValidity = uidValidity;
    this.create({ path: "INBOX" });
    for (const [specialUse, name] of Object.entries(profile.folders)) {
      this.create({ path: profile.prefix + name, specialUse });
    }
  }

  get inbox(): Folder {
    return this.folder("INBOX");
  }

  /** @throws Refusal NONEXISTENT */
  folder(path: string): Folder {
    const found = this.find(path);
    if (!found) throw new Refusal("[NONEXISTENT] There is no such folder");
    return found;
  }

  find(path: string): Folder | undefined {
    return this.folders.get(path.toUpperCase() === "INBOX" ? "INBOX" : path);
  }

  special(use: string): Folder | undefined {
    return [...this.folders.values()].find(({ specialUse }) => specialUse === use);
  }

  /** @throws Refusal ALREADYEXISTS */
  create(state: Partial<FolderState> & { path: string }): Folder {
    if (this.find(state.path)) throw new Refusal("[ALREADYEXISTS] The folder exists already");
    const folder = new Folder({ uidValidity: ++this.#lastUidValidity, ...state });
    this.#lastUidValidity = Math.max(this.#lastUidValidity, folder.uidValidity);
    this.folders.set(folder.path, folder);
    return folder;
  }

  /** Renames a folder and what is below it. INBOX stays, and loses its messages to the new folder. */
  rename(from: string, to: string): void {
    const folder = this.folder(from);
    if (this.find(to)) throw new Refusal("[ALREADYEXISTS] The folder exists already");
    if (folder.path === "INBOX") {
      const target = this.create({ path: to });
      for (const mail of folder.mails) target.add(mail);
      folder.remove(folder.mails);
      return;
    }
    const below = folder.path + this.profile.delimiter;
    for (const each of [...this.folders.values()]) {
      if (each !== folder && !each.path.startsWith(below)) continue;
      this.folders.delete(each.path);
      each.path = to + each.path.slice(folder.path.length);
      this.folders.set(each.path, each);
    }
  }

  /** @throws Refusal for INBOX, and for what does not exist */
  delete(path: string): void {
    const folder = this.folder(path);
    if (folder.path === "INBOX") throw new Refusal("[CANNOT] INBOX cannot be deleted");
    folder.remove(folder.mails);
    this.folders.delete(folder.path);
  }

  /** The messages of a folder that the server shows. */
  visible({ mails }: Folder): Mail[] {
    const { window } = this.profile;
    return window === null ? mails : mails.slice(-window);
  }
}
