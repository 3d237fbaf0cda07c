import type { Address, Part } from "../mime/parts.ts";

/** What is known of a message before its body is read. */
export interface FoundMessage {
  /** See sync/identity.ts. */
  key: string;
  /** Without angle brackets; empty for none. */
  internetMessageId: string;
  /** Message-IDs of References and In-Reply-To, without angle brackets, oldest first. */
  refs: string[];
  /** The server's own thread: RFC 8474 section 5.2, or Gmail's. */
  threadId?: string | undefined;
  receivedAt: number;
  from: Address;
  to: Address[];
  cc: Address[];
  bcc: Address[];
  replyTo: Address[];
  subject: string;
  /** Null if it is not known yet. */
  preview: string | null;
  size: number;
  parts: Part[];
}

/** A message in a folder of the server. */
export interface FoundPlace {
  /** Negative while the server has not taken it: see `localUid`. */
  uid: number;
  isRead: boolean;
  /** Other flags and keywords, as the server gives them. */
  flags: string[];
  message: FoundMessage;
}
