/** How a test or the demo describes the stand-in's world to its control API: see control.ts. */

/** Somebody with a Telegram account. */
export interface NewUser {
  /** In digits, with its country, without a plus. */
  phone: string;
  firstName?: string;
  /** The password of two-step verification. */
  password?: string;
  /** The data centre of the account. Others answer PHONE_MIGRATE_n. */
  dc?: 2 | 4;
  /** False for a phone without an account, which must sign up first. */
  isRegistered?: boolean;
  /** What Telegram wants before it sends a code. */
  codeNeeds?: "email" | "payment";
}

export interface NewChat {
  title: string;
  kind: "group" | "supergroup" | "channel" | "user";
  username?: string | null;
  /** Phones of its members. */
  members: string[];
  isForum?: boolean;
  isGigagroup?: boolean;
  /** It lies in the archive folder of its members. */
  isArchived?: boolean;
  /** Members may not write. */
  isReadOnly?: boolean;
  /** In seconds, between two posts of a member. */
  slowMode?: number;
  /** Stars that a post costs. */
  price?: number;
  /** The topic General is closed. */
  isClosed?: boolean;
  /** Whose membership has ended: the dialog is still listed. */
  left?: string[];
  kicked?: string[];
  /** Members who may not write there. */
  banned?: string[];
  isPinned?: boolean;
  isDeactivated?: boolean;
}

/** A message in a chat, as the stand-in stored it. */
export interface Posted {
  id: number;
  phone: string;
  text: string;
  /** In decimal. */
  randomId: string;
  /** In milliseconds since the epoch. */
  at: number;
  media: null | {
    kind: "photo" | "video";
    size: number;
    /** Of the uploaded bytes, in hex. */
    sha256: string;
    width?: number;
    height?: number;
    duration?: number;
  };
}

/** What goes wrong at the data centre, once or several times. */
export interface Fault {
  /** Whose calls; absent for everybody's. */
  phone?: string;
  /** Such as `messages.sendMessage`; absent for every method. `connect` is a new connection. */
  method?: string;
  /** The id of a chat of the world: only calls about it. */
  chat?: number;
  /** How many calls pass before. Default 0. */
  skip?: number;
  /** Default 1; 0 for always. */
  times?: number;
  /** From 0 to 1; default 1. */
  probability?: number;
  /** An answer in place of the call: `[400, "CHAT_WRITE_FORBIDDEN"]`. */
  error?: [code: number, text: string];
  /** The call is done; its answer is lost: the connection is cut in place of it. */
  isLost?: boolean;
  /** The connection is cut before the call is done, or within the answer. */
  cut?: "before" | "within";
  /** How much later the answer comes. */
  delayMs?: number;
  /** The call is done, but nothing is ever answered. */
  isSilent?: boolean;
  /** What the data centre does besides. */
  effect?:
    | "bad-salt"
    /** Its clock is off by an hour for this connection. */
    | "clock"
    /** The session's key is unknown from now on (-404). */
    | "forget-key"
    /** An update that nobody asked for, and a constructor that the client does not know, come before the answer. */
    | "updates"
    | "unknown-constructor";
}
