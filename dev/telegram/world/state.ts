/** Somebody with a phone. As JSON keeps it. */
export interface Account {
  phone: string;
  id: number;
  firstName: string;
  dc: 2 | 4;
  /** Of two-step verification. */
  password: string | null;
  isRegistered: boolean;
  isBanned: boolean;
  isDeactivated: boolean;
  /** The last login code. */
  code: LoginCode | null;
  /** What must be given before a code is sent. */
  codeNeeds: "email" | "payment" | null;
  codesSent: number;
  /** Media that came with an upload. */
  uploads: number;
  /** Posts to a person that were tried. None is ever stored. */
  messagesToPeople: number;
  calls: Record<string, number>;
  /** Counts up when the file references that the account knows expire. */
  fileAge: number;
}

export interface LoginCode {
  hash: string;
  digits: string;
  /** The id of the key that asked for it. */
  key: string;
  /** In milliseconds since the epoch. */
  expiresAt: number;
  isUsed: boolean;
}

export type ChatKind = "group" | "supergroup" | "channel" | "user";

/** `banned` is a member who may not write. */
export type Membership = "member" | "left" | "kicked" | "banned";

/** A dialog: a group, a channel, or somebody to whom only they themselves can write. As JSON keeps it. */
export interface Chat {
  kind: ChatKind;
  /** As MTProto has it; unique in the world. */
  id: number;
  title: string;
  username: string | null;
  createdAt: number;
  isForum: boolean;
  isGigagroup: boolean;
  isArchived: boolean;
  isPinned: boolean;
  isReadOnly: boolean;
  isClosed: boolean;
  isDeactivated: boolean;
  /** In seconds; 0 for none. */
  slowMode: number;
  /** In stars; 0 for none. */
  price: number;
  /** The id of the supergroup that took its place. */
  migratedTo: number | null;
  members: Record<string, Membership>;
  /** Of the message that tells of its making. */
  firstMessageId: number;
  messages: Message[];
}

export interface Message {
  id: number;
  phone: string;
  text: string;
  randomId: string;
  /** In milliseconds since the epoch. */
  at: number;
  /** Of a medium of the world. */
  mediumId: string | null;
}

/** A picture or a video that somebody uploaded: its bytes are not kept. As JSON keeps it. */
export interface Medium {
  id: string;
  kind: "photo" | "video";
  size: number;
  sha256: string;
  mimeType: string;
  uploadedAt: number;
  width?: number;
  height?: number;
  duration?: number;
}

/** All that outlives the process. */
export interface WorldSnapshot {
  /** Access hashes are made of it. In hex. */
  secret: string;
  lastId: number;
  lastMessageId: number;
  accounts: Account[];
  chats: Chat[];
  media: Medium[];
}

/** The ids of the Bot API, which tell the kinds apart: negative for groups, below -10^12 for channels. */
export function markedId({ kind, id }: Pick<Chat, "kind" | "id">): number {
  if (kind === "user") return id;
  return kind === "group" ? -id : -1_000_000_000_000 - id;
}
