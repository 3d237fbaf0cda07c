import type { Provider } from "./ids.ts";
import { uuid } from "./ids.ts";
import type { Address } from "./mail.ts";

export type Bytes = Uint8Array<ArrayBuffer>;

export interface Grant {
  id: string;
  provider: Provider;
  grant_status: "valid" | "invalid";
  email: string;
  name?: string;
  scope: string[];
  state?: string;
  /** Unix seconds, like every `_at` of a grant. */
  created_at: number;
  updated_at: number;
  /** When the provider revoked access; set only while `grant_status` is `invalid`. */
  expired_at?: number;
}

export interface StoredAttachment {
  id: string;
  grant_id: string;
  filename: string;
  content_type: string;
  size: number;
  is_inline: boolean;
  content_id?: string;
  content_disposition?: string;
}

export interface Header {
  name: string;
  value: string;
}

export interface StoredMessage {
  id: string;
  grant_id: string;
  object: "message";
  thread_id: string;
  subject: string;
  from: Address[];
  to: Address[];
  cc: Address[];
  bcc: Address[];
  reply_to: Address[];
  /** Unix seconds. */
  date: number;
  body: string;
  snippet?: string;
  starred: boolean;
  unread: boolean;
  folders: string[];
  attachments: StoredAttachment[];
  headers: Header[];
  /** Order of arrival, to sort messages of the same second. Never sent to clients. */
  sequence: number;
}

/** A folder created through the control API. All other folders follow from the messages in them. */
export interface StoredFolder {
  id: string;
  grant_id: string;
  name: string;
  /** Special-use attributes such as `\Sent`. */
  attributes: string[];
}

/** A consent whose code has not been exchanged yet. */
export interface AuthCode {
  code: string;
  email: string;
  provider: Provider;
  client_id: string;
  redirect_uri: string;
  is_offline: boolean;
  state?: string;
  challenge?: string;
  /** Milliseconds. */
  expires_at: number;
}

export interface Mailbox {
  messages: Map<string, StoredMessage>;
  folders: Map<string, StoredFolder>;
  /** Message-ID header → thread id. */
  threads: Map<string, string>;
}

export interface MinuteTally {
  minute: number;
  good: number;
  bad: number;
}

export interface Webhook {
  id: string;
  description: string;
  trigger_types: string[];
  webhook_url: string;
  webhook_secret: string;
  status: "active" | "pause" | "failing" | "failed";
  notification_email_addresses: string[];
  compressed_delivery: boolean;
  status_updated_at: number;
  created_at: number;
  updated_at: number;
  /** Attempts of the last 72 h, per minute: the input of the status rules. */
  tallies: MinuteTally[];
}

export interface Notification {
  id: string;
  type: string;
  source: string;
  /** Unix seconds. */
  time: number;
  data: Record<string, unknown>;
  webhook_ids: string[];
  attempts: number;
  /** Milliseconds. */
  first_attempt_at?: number;
  /** Milliseconds; absent once delivered or given up. */
  due_at?: number;
  /** Chaos: deliver it once more after it is delivered or given up. */
  is_repeated?: boolean;
  /** Chaos: the first attempt carries a wrong signature. */
  is_forged?: boolean;
}

export interface RememberedSend {
  payload_hash: string;
  status: number;
  body: string;
  request_id: string;
  /** Milliseconds. */
  expires_at: number;
}

/** The whole state of a stand-in, as plain data. */
export interface Store {
  random: number;
  /** Milliseconds by which `advance` has moved the clock. */
  clock_offset: number;
  last_sequence: number;
  application_id: string;
  grants: Map<string, Grant>;
  mailboxes: Map<string, Mailbox>;
  /** Attachment id → bytes. */
  contents: Map<string, Bytes>;
  webhooks: Map<string, Webhook>;
  notifications: Map<string, Notification>;
  /** `<grant id> <Idempotency-Key>` → the response to replay. */
  sends: Map<string, RememberedSend>;
  codes: Map<string, AuthCode>;
  /** `<provider> <address>` → the messages that remain at the provider after the grant was deleted. */
  departed: Map<string, StoredMessage[]>;
}

/** An empty store. The seed determines all of its ids. */
export function emptyStore(seed: number): Store {
  const store: Store = {
    random: seed | 0,
    clock_offset: 0,
    last_sequence: 0,
    application_id: "",
    grants: new Map(),
    mailboxes: new Map(),
    contents: new Map(),
    webhooks: new Map(),
    notifications: new Map(),
    sends: new Map(),
    codes: new Map(),
    departed: new Map(),
  };
  store.application_id = uuid(store);
  return store;
}

/** Stores the message in the mailbox of its grant, and indexes its thread by Message-ID. */
export function keepMessage(store: Store, message: StoredMessage): void {
  const mailbox = mailboxOf(store, message.grant_id);
  mailbox.messages.set(message.id, message);
  const messageId = headerOf(message, "Message-ID");
  if (messageId !== undefined) mailbox.threads.set(messageId, message.thread_id);
}

/** Deletes the message and its attachments. Replies to it still find its thread. */
export function dropMessage(store: Store, { id, grant_id, attachments }: StoredMessage): void {
  mailboxOf(store, grant_id).messages.delete(id);
  for (const attachment of attachments) store.contents.delete(attachment.id);
}

/** The mailbox of a grant, created on first use. */
export function mailboxOf(store: Store, grantId: string): Mailbox {
  const known = store.mailboxes.get(grantId);
  if (known) return known;
  const mailbox = { messages: new Map(), folders: new Map(), threads: new Map() };
  store.mailboxes.set(grantId, mailbox);
  return mailbox;
}

/** The first header with this name; the case of letters is ignored. */
export function headerOf(message: StoredMessage, name: string): string | undefined {
  return message.headers.find((header) => header.name.toLowerCase() === name.toLowerCase())?.value;
}
