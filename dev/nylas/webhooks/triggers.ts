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

/** A type without its suffixes: what a webhook subscribes to. */
export function triggerOf(type: string): string {
  return /^(?:grant|message|thread|folder)\.[a-z_]+/.exec(type)?.[0] ?? type;
}

/** A notification before it is queued. */
export interface Emission {
  type: string;
  source: string;
  object: unknown;
  /** More fields of `data`, beside `application_id` and `object`. */
  data?: Record<string, unknown>;
  /** Milliseconds until it is due. */
  delay?: number;
  /** Once settled, it comes again under the same id. */
  isRepeated?: boolean;
  /** The signature of its first attempt is of another secret. */
  isForged?: boolean;
}
