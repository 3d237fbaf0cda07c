/** A message in a folder. */
export interface Mail {
  uid: number;
  /** With CRLF line ends. */
  raw: Buffer;
  /** System flags with their backslash, and keywords. */
  flags: Set<string>;
  /** When the server received it, in ms since the epoch. */
  receivedAt: number;
  /** Grows with every change of the flags. */
  modseq: number;
  /** The same for all copies of a message. */
  emailId: string;
}

export type NewMail = Pick<Mail, "raw" | "emailId"> & { flags?: Iterable<string>; receivedAt?: number };

export interface FolderState {
  path: string;
  /** Such as \Sent. */
  specialUse: string | null;
  uidValidity: number;
  uidNext: number;
  /** The highest one of the folder. */
  modseq: number;
  isSubscribed: boolean;
  /** False for a name that only has children. */
  isSelectable: boolean;
}

/** A folder and its messages, in the order of their UIDs. */
export class Folder implements FolderState {
  path: string;
  specialUse: string | null;
  uidValidity: number;
  uidNext: number;
  modseq: number;
  isSubscribed: boolean;
  isSelectable: boolean;
  mails: Mail[] = [];
  /** What was removed, for clients that ask what has vanished since they looked. */
  removed: { uid: number; modseq: number }[] = [];
  readonly #listeners = new Set<() => void>();

  constructor(state: Pick<FolderState, "path" | "uidValidity"> & Partial<FolderState>) {
    this.path = state.path;
    this.specialUse = state.specialUse ?? null;
    this.uidValidity = state.uidValidity;
    this.uidNext = state.uidNext ?? 1;
    this.modseq = state.modseq ?? 1;
    this.isSubscribed = state.isSubscribed ?? true;
    this.isSelectable = state.isSelectable ?? true;
  }

  /** Puts a message at the end. */
  add({ raw, emailId, flags = [], receivedAt = Date.now() }: NewMail): Mail {
    const mail: Mail = {
      uid: this.uidNext++,
      raw,
      flags: new Set(flags),
      receivedAt,
      modseq: ++this.modseq,
      emailId,
    };
    this.mails.push(mail);
    this.changed();
    return mail;
  }

  /** @returns whether that changes anything */
  setFlags(mail: Mail, flags: Set<string>): boolean {
    const isSame = flags.size === mail.flags.size && [...flags].every((flag) => mail.flags.has(flag));
    if (isSame) return false;
    mail.flags = flags;
    mail.modseq = ++this.modseq;
    this.changed();
    return true;
  }

  remove(mails: Mail[]): void {
    if (mails.length === 0) return;
    const gone = new Set(mails);
    this.mails = this.mails.filter((mail) => !gone.has(mail));
    this.modseq++;
    this.removed.push(...mails.map(({ uid }) => ({ uid, modseq: this.modseq })));
    this.changed();
  }

  /** Gives all messages new UIDs, as a server does that has lost its index. */
  renumber(): void {
    this.uidValidity++;
    this.mails = this.mails.map((mail, at) => ({ ...mail, uid: at + 1, modseq: at + 1 }));
    this.uidNext = this.mails.length + 1;
    this.modseq = this.mails.length + 1;
    this.removed = [];
    this.changed();
  }

  find(uid: number): Mail | undefined {
    return this.mails.find((mail) => mail.uid === uid);
  }

  /** Calls the listener after every change. @returns a function that ends it */
  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  changed(): void {
    for (const listener of this.#listeners) listener();
  }
}
