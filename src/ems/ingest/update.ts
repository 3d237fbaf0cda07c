import type { SQL } from "../../platform/d1/sql.ts";
import type { ProviderMessage } from "../provider/port.ts";

/** A provider's state of a message, to be applied. */
export interface MessageUpdate {
  message: ProviderMessage;
  /** When the provider saw this state, in milliseconds. An older state never overwrites a newer one. */
  observedAt: number;
  /** Identifies the delivery or request that caused the update. */
  cause: string;
  /** True for backfill: no events, no call to the hub. */
  silent?: boolean;
  /** True for a notification, in contrast to a fresh read. A later deletion may have been lost. */
  isAnnounced?: boolean;
  /** Set for a mail that one of our users sent. */
  sent?: SentByUser;
}

/** What only we know of a mail we sent. */
export interface SentByUser {
  userId: number;
  /** The plain-text alternative of the HTML. */
  text: string | null;
  /** The thread it replies in. */
  threadId: string | null;
  /** More statements for the batch that stores the message. */
  alongside(messageId: string): SQL[];
}

/** What `applyMessage` did. */
export interface ApplyResult {
  /** Null for a message deleted before it arrived, and for a draft. */
  id: string | null;
  /** True for a new outbound message from outside our outbox. It may decide an entry of unknown outcome. */
  isNewOutbound: boolean;
  /** `deleted`: the provider deleted it later than this state. `ignored`: a draft at the provider. */
  outcome: "created" | "updated" | "unchanged" | "deleted" | "ignored";
}
