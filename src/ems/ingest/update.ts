import type { SQL } from "drizzle-orm/sql";
import type { ProviderMessage } from "../provider/port.ts";

/** A state of a message that the provider tells. */
export interface MessageUpdate {
  message: ProviderMessage;
  /** When the provider saw this state, in milliseconds: an older state never overwrites a newer one. */
  observedAt: number;
  /** Names the delivery or request that brought it. */
  cause: string;
  /** History: stored without telling anyone. */
  silent?: boolean;
  /** A notification says so, not the provider asked just now: a deletion may have been lost meanwhile. */
  isAnnounced?: boolean;
  /** Set for a mail that one of our users has sent. */
  sent?: SentByUser;
}

/** What only the sender's side knows of a mail. */
export interface SentByUser {
  userId: number;
  /** The plain text beside the HTML. */
  text: string | null;
  /** The thread that it answers in. */
  threadId: string | null;
  /** Statements that run in the batch which stores the message. */
  alongside(messageId: string): SQL[];
}

export interface ApplyResult {
  /** Null for what was deleted before it came, and for a draft. */
  id: string | null;
  /** `deleted`: the provider has deleted it since, and it stays so. `ignored`: a draft at the provider. */
  /** True for a message that is new and outbound: it may be one whose sending has no known outcome. */
  isNewOutbound: boolean;
  outcome: "created" | "updated" | "unchanged" | "deleted" | "ignored";
}
