export const MAIL_TRIGGERS = [
  "grant.created",
  "grant.updated",
  "grant.deleted",
  "grant.expired",
  "grant.imap_sync_completed",
  "message.created",
  "message.updated",
  "message.deleted",
  "message.send_success",
  "message.send_failed",
  "message.bounce_detected",
  "message.opened",
  "message.link_clicked",
  "thread.replied",
  "folder.created",
  "folder.updated",
  "folder.deleted",
];

/** Removes the suffixes of a type. Webhooks subscribe to the result. */
export function triggerOf(type: string): string {
  return /^(?:grant|message|thread|folder)\.[a-z_]+/.exec(type)?.[0] ?? type;
}

/** A notification that is not queued yet. */
export interface Emission {
  type: string;
  source: string;
  object: unknown;
  /** Further fields of `data`, beside `application_id` and `object`. */
  data?: Record<string, unknown>;
  /** In milliseconds. */
  delay?: number;
  /** Deliver it a second time under the same id. */
  isRepeated?: boolean;
  /** Sign the first attempt with a wrong secret. */
  isForged?: boolean;
}
