/** A name and an address, as in a mail's header. */
export interface Address {
  name: string | null;
  email: string;
}

export interface ProviderAttachment {
  id: string;
  filename: string;
  content_type: string;
  size_bytes: number;
  /** Without angle brackets; null when the part has none. */
  content_id: string | null;
}

/** A mail as the provider shows it. An absent field was not reported, which does not mean that it is empty. */
export interface ProviderMessage {
  id: string;
  thread_id?: string;
  internet_message_id?: string;
  /** Its Message-ID as it was written, if that differs from the form in which ids are compared. */
  written_message_id?: string;
  /** The Message-IDs that it answers, by References and In-Reply-To, the nearest last. Present if its own is. */
  references?: string[];
  subject?: string;
  from?: Address;
  to?: Address[];
  cc?: Address[];
  bcc?: Address[];
  /** Who should get the answers, if not the sender. */
  reply_to?: Address[];
  /** Seconds since the epoch. */
  date?: number;
  /** HTML, or plain text where the mail has no HTML. */
  body?: string;
  snippet?: string;
  folders?: string[];
  attachments?: ProviderAttachment[];
}

/** An item of a page that cannot be read as a message. */
export interface UnreadableMessage {
  /** Null when it has no readable id. */
  id: string | null;
  /** As it came. */
  raw: unknown;
  error: Error;
}

/** A folder of a mailbox, or a label: providers show both as folders. */
export interface ProviderFolder {
  /** What `folders` of a mail holds. */
  id: string;
  name: string;
  /** Special uses as in RFC 6154, such as `\\Sent`, and others. */
  attributes: string[];
}

export interface ProviderPage {
  messages: ProviderMessage[];
  unreadable: UnreadableMessage[];
  /** Opaque; null on the last page. */
  cursor: string | null;
}

export interface ListQuery {
  cursor: string | null;
  limit: number;
  received_after?: number;
  received_before?: number;
}

export interface SentQuery {
  marker: string;
  /** Seconds since the epoch. */
  after: number;
  before: number;
}

export interface Grant {
  id: string;
  email: string;
  /** "google", "microsoft", "imap", … */
  provider: string;
  valid: boolean;
}

/** What a sign-in of a mailbox's owner starts from. */
export interface SignInRequest {
  /** As in `Grant`. Without it the owner chooses. */
  provider: string | undefined;
  /** Comes back with the owner. At most 256 characters. */
  state: string;
  /** Where the owner's browser goes afterwards, with `code` and `state`, or with `state` and an error. */
  redirectUri: string;
}

/** What a sign-in ends with. */
export interface SignInResult {
  code: string;
  /** As `startSignIn` returned it. */
  codeVerifier: string;
  /** As it was in the request. */
  redirectUri: string;
}

/** A file to send along. */
export interface OutgoingAttachment {
  filename: string;
  content_type: string;
  size_bytes: number;
  /** By which the HTML shows it (`cid:…`); null for one that is only attached. */
  content_id: string | null;
  /** A new stream of its bytes at each call: exactly `size_bytes` of them. */
  open(): Promise<ReadableStream<Uint8Array>>;
}

export interface OutgoingMail {
  from: Address;
  to: Address[];
  cc: Address[];
  bcc: Address[];
  subject: string;
  html: string;
  attachments: OutgoingAttachment[];
  /** What the provider takes to put the mail into a thread of the same mailbox. */
  reply_to_message_id?: string;
  /** The Message-IDs that this answers, the nearest last, where the answered mail lies in another mailbox. */
  references?: string[];
  /** Travels in a header of its own, so that the mail can be found again (see `findSent`). */
  marker: string;
}

/** Bytes that are streamed, never held whole. */
export interface Download {
  body: ReadableStream<Uint8Array>;
  /** Bytes, when the provider says so. */
  size: number | null;
}

const FAULTS = [
  "grant_dead",
  "not_found",
  "rate_limited",
  "refused",
  "unreadable",
  "in_progress",
  "unknown",
] as const;

/**
 * - `grant_dead`: the mailbox must be connected again
 * - `not_found`: the provider has no such thing; for a send: no such grant, or no such mail to reply to
 * - `rate_limited`: come back later
 * - `refused`: the provider understood, and said no
 * - `unreadable`: a file to send could not be read, or has another size than was said
 * - `in_progress`: a send with the same key is under way
 * - `unknown`: no answer, or none that tells whether it was done
 *
 * After a send, all but the last two prove that this call sent nothing. Only `refused` proves anything about an
 * earlier call with the same key whose outcome is unknown.
 */
export type ProviderFault = (typeof FAULTS)[number];

/** Any failure at a provider. `message` is safe to show: plain text, one line, at most 200 characters. */
export class ProviderError extends Error {
  readonly fault: ProviderFault;
  readonly retryAfterSeconds: number | null;
  /** What the log says in place of `message`, which may have an address. */
  readonly logged: string;

  constructor(
    fault: ProviderFault,
    message: string,
    cause: unknown,
    retryAfterSeconds: number | null = null,
  ) {
    super(message, { cause });
    this.fault = fault;
    this.logged = `provider: ${fault}`;
    this.retryAfterSeconds = retryAfterSeconds;
  }
}

/**
 * Whether an error is a ProviderError, by its fields: one that crossed RPC has lost its class.
 * @param fault only this one
 */
export const isProviderError = (error: unknown, fault?: ProviderFault): error is ProviderError =>
  error instanceof Error &&
  "fault" in error &&
  (fault === undefined ? FAULTS : [fault]).includes(error.fault as ProviderFault);

/** The limits and habits of a provider that callers depend on. */
export interface Capabilities {
  /** Seconds for which a repeated `send` under the same key sends nothing more. */
  keySeconds: number;
  /** Bytes of a mail's HTML and files together. */
  maxMailBytes: number;
  /** What `reply_to_message_id` must hold: the provider's id of the answered mail, or its Message-ID. */
  repliesBy: "provider_id" | "message_id";
}

/** What Xabar needs of a mail provider. Every method throws ProviderError, and nothing else. */
export interface MailProvider {
  /** @param kind of the grant, as in `Grant.provider`; null when it is not known */
  capabilities(kind: string | null): Capabilities;
  /**
   * Prepares a sign-in, with PKCE (RFC 7636).
   * @returns the page for the owner's browser, and a secret for `finishSignIn`
   * @throws ServiceError unavailable when sign-ins are not configured
   */
  startSignIn(request: SignInRequest): Promise<{ url: string; codeVerifier: string }>;
  /** Exchanges the code for a grant, once. Throws `refused` for a code that is wrong, used or expired. */
  finishSignIn(result: SignInResult): Promise<Omit<Grant, "valid">>;
  /** @returns null when there is no such grant */
  findGrant(grantId: string): Promise<Grant | null>;
  /** Disconnects the mailbox for good. Succeeds when it is gone already. */
  revokeGrant(grantId: string): Promise<void>;
  /** @returns null when the mailbox has no such message */
  getMessage(grantId: string, messageId: string): Promise<ProviderMessage | null>;
  /** One page, newest first; one odd message on it spoils no other. `received_after` and `received_before` are seconds since the epoch. */
  listMessages(grantId: string, query: ListQuery): Promise<ProviderPage>;
  /** All folders of the mailbox, none when it is gone. */
  listFolders(grantId: string): Promise<ProviderFolder[]>;
  /** About how many messages the mailbox holds; null when the provider does not say. */
  countMessages(grantId: string): Promise<number | null>;
  /**
   * Sends now. Under the same key within `keySeconds` it sends once, if the mail is the same, byte for byte.
   * @returns the sent mail, with the ids by which it will come back in notifications
   */
  send(grantId: string, mail: OutgoingMail, idempotencyKey: string): Promise<ProviderMessage>;
  /**
   * Looks for the mail that was sent with this marker, in a time range with both bounds included (seconds since the
   * epoch). Throws `unknown` when the range holds more mail than the provider searches through.
   * @returns null when no mail shows the marker. That is no proof: a mail may take a while to appear, and some
   *   mailboxes do not keep the header
   */
  findSent(grantId: string, query: SentQuery): Promise<ProviderMessage | null>;
  /** @returns null when the mailbox has no such attachment */
  download(grantId: string, messageId: string, attachmentId: string): Promise<Download | null>;
}
