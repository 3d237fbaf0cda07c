import type { ProviderMessage } from "./port.ts";

/** The state of a message. A push cannot tell whether it is new or changed. */
export interface MessageChange {
  kind: "message";
  /** An absent field was not reported, which does not mean that it is empty. */
  message: ProviderMessage;
  /** The body was left out, and the files may have been: only the provider has them. */
  isPartial: boolean;
  /** Sender, date and body were reported, however odd: people can read it while the provider is away. */
  isPresentable: boolean;
  /** Stored without telling anyone. */
  isHistory: boolean;
}

export interface DeletionChange {
  kind: "message_deleted";
  /** The provider's id. */
  messageId: string;
}

/** What became of a mail that the mailbox has sent. Any of the ids names it. */
export interface DeliveryChange {
  kind: "delivery";
  state: "sent" | "failed" | "bounced";
  /** Ids of the provider. */
  providerIds: string[];
  /** Message-IDs, in the form in which they are compared (lib/message-ids.ts). */
  messageIds: string[];
  /** The reason, for people; null when none was reported. */
  detail: string | null;
}

/** How often a sent mail was opened, or its links were clicked, up to now. */
export interface TrackingChange {
  kind: "opened" | "clicked";
  /** The provider's id of the mail; null when it was not reported. */
  messageId: string | null;
  count: number;
}

/** What has happened at a provider, to a mailbox or to its mail. */
export type Change =
  | MessageChange
  | DeletionChange
  | DeliveryChange
  | TrackingChange
  /** Folders were added, renamed or removed. */
  | { kind: "folders_changed" }
  /** The grant works again only after its owner has signed in. */
  | { kind: "grant_expired" }
  /** The grant is gone for good. */
  | { kind: "grant_deleted" }
  /** The owner has signed in again. */
  | { kind: "grant_renewed" }
  /** Anything else about the grant, which changes nothing here. */
  | { kind: "grant_changed" }
  /** The provider has read the whole mailbox, and can show its history. */
  | { kind: "grant_synced" }
  /** Another push reports the same. */
  | { kind: "redundant" }
  /** Not understood, and not meant to be. */
  | { kind: "ignored"; reason: string }
  /** Meant to be understood, but the push does not have what it needs. */
  | { kind: "unreadable"; error: Error };

/** A push of a provider, as its connector reads it. */
export interface Push {
  /** The provider's own id: a repetition has the same. */
  id: string;
  /** The provider's own name for what happened; it is only shown. */
  type: string;
  /** Null when the push names no grant. */
  grant_id: string | null;
  /** When it happened, in seconds since the epoch; null when the push does not say. */
  occurred_at: number | null;
  /**
   * When the reported state was true, in milliseconds. Within one second, an update is later than a creation, and a
   * deletion is later than both.
   */
  observed_at: number;
  /** Names it in events, if its id does not. */
  cause?: string;
  change: Change;
}
