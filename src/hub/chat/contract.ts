// What the Worker and the Object of a room say to each other.

/** The header that brings an `Arrival` as JSON. The Object is reached by the Worker alone. */
export const ARRIVAL = "x-chat-arrival";

/** Somebody who opens a socket. Without a token and a ticket, the first frame must bring a token. */
export interface Arrival {
  roomKey: number;
  isPrivate: boolean;
  /** The module's public base URL, for URLs in events. */
  origin: string;
  token: string | null;
  ticket: string | null;
  /** The last position that the client has seen: it gets what came later. */
  since: number | null;
}

/** A message as its room has it. */
export interface StoredMessage {
  id: string;
  /** Its position in the room. */
  seq: number;
  /** How many messages had been sent with it. */
  number: number;
  sender: number;
  text: string;
  replyTo: string | null;
  /** The ids of its files. */
  files: number[];
  /** In milliseconds since the epoch. */
  at: number;
  editedAt: number | null;
  /** The position of its last edit. */
  editSeq: number | null;
}

/** Which messages are wanted, the newest first. */
export interface PageQuery {
  limit: number;
  offset: number;
  /** Only those before this position. */
  before: number | null;
}

/** A part of a room's messages. */
export interface MessagePage {
  /** The position of the room at that moment: a socket that resumes from it misses nothing. */
  seq: number;
  /** All messages of the room. */
  count: number;
  messages: StoredMessage[];
}

/** Who wants to change which message. */
export interface Change {
  seq: number;
  /** When it was sent: an id that was made up has another time. */
  at: number;
  user: number;
}

/** The newest message, as lists of rooms show it. */
export interface LastMessage {
  id: string;
  sender: number;
  /** Its beginning. */
  text: string;
  at: number;
}

/** Tells that some may hear less from now on. */
export interface Ring {
  /** The room's version after the change. */
  version: number;
  users: number[];
}

/** What the Worker may call. `fetch` opens a socket. */
export interface RoomCalls {
  page(query: PageQuery): Promise<MessagePage>;
  /** Edits a message of the user's own. @returns null without such a message; "refused" for somebody else's */
  edit(change: Change & { text: string }): Promise<StoredMessage | null | "refused">;
  /** Deletes a message. @param isModerator may delete anybody's */
  remove(change: Change & { isModerator: boolean }): Promise<"removed" | null | "refused">;
  /** Deletes all messages. */
  clear(): Promise<void>;
  ring(ring: Ring): Promise<void>;
  /** Ends the room: closes all sockets, and deletes all that is stored. */
  end(): Promise<void>;
}

/** Why a socket is closed: the contract has none, so these are of the range for applications. */
export const CLOSE = {
  /** No valid token, or the session has ended. */
  unauthenticated: 4401,
  /** No member, or not any more. */
  forbidden: 4403,
  /** There is no such room. */
  notFound: 4404,
  /** Too many sockets, or frames. */
  throttled: 4429,
  /** The server could not do it now. */
  failed: 1013,
} as const;
