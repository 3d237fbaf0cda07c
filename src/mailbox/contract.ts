// What the Worker `xabar` may ask of a mailbox. It imports types only: the code runs in a script of its own.

/** Why a mailbox refuses. Refusals cross the boundary as values, since a thrown error loses its fields there. */
export type RefusalCode =
  | "NOT_FOUND"
  | "INVALID"
  | "CONFLICT"
  /** The key was used before, with another mail. */
  | "KEY_REUSED"
  | "TOO_LARGE"
  /** `MAIL_KEYS` is not set, so that no secret can be kept. */
  | "KEYS_MISSING"
  /** The server cannot be reached, or must not be: nobody can tell which. */
  | "CONNECTION_FAILED"
  | "TLS_UNTRUSTED"
  | "PROTOCOL_MISMATCH"
  | "AUTHENTICATION_FAILED"
  | "THROTTLED"
  /** No SMTP server is known for the account. */
  | "SMTP_UNKNOWN"
  /** The server refused the mail, or all recipients. */
  | "SEND_REFUSED"
  /** The connection was lost after the whole mail was sent: it may have arrived. */
  | "SEND_UNKNOWN"
  /** The operator has no client for this OAuth provider. */
  | "OAUTH_UNAVAILABLE"
  | "OAUTH_FAILED";

export interface Refusal {
  ok: false;
  code: RefusalCode;
  /** Safe to show: it never has a secret, nor words of a server that has not greeted as a mail server. */
  message: string;
  retryAfterSeconds?: number;
  /** The numbers of an SMTP server's refusal, such as `550 5.1.1`. */
  reply?: string;
}

export type Outcome<T> = ({ ok: true } & T) | Refusal;

/** Whose account a call is for. The mailbox checks it against its own, and answers NOT_FOUND to anybody else's. */
export interface Owner {
  accountId: string;
  tenantId: string;
  userId: string;
}

export type Encryption = "none" | "tls" | "starttls";

export interface Server {
  hostname: string;
  port: number;
  encryption: Encryption;
}

export type OAuthProvider = "google" | "microsoft";

/** How the mailbox logs in. `app`: the operator's own right to all mailboxes of an organisation. */
export type Login =
  | { type: "password" }
  | { type: "oauth2"; provider: OAuthProvider; flow: "user" }
  | { type: "oauth2"; provider: OAuthProvider; flow: "app"; tenant: string };

export interface MailboxSettings {
  emailAddress: string;
  /** Of the account, and the sender's name. */
  accountName: string;
  protocol: "imap" | "pop3";
  incoming: Server & { username: string };
  /** What the owner gave. What is absent is looked up: see discover/. */
  smtp: Partial<Server & { username: string }>;
  login: Login;
  isSyncEnabled: boolean;
  /** In seconds, from 60 to 86,400. */
  syncInterval: number;
  isEnabled: boolean;
}

/** Secrets travel in one direction: into the mailbox. */
export interface MailboxSecrets {
  password?: string;
  smtpPassword?: string;
  refreshToken?: string;
}

export type MailboxState =
  /** Not logged in yet, or reading the history. */
  | "syncing"
  | "active"
  /** The server refused the login several times; it is not asked again until the settings change. */
  | "auth_failed"
  /** The last tries failed; it is tried again. */
  | "failing"
  /** Switched off by its owner. */
  | "disabled"
  | "closed";

/** What is known of a mailbox. Times are in milliseconds since the epoch. */
export interface MailboxStatus {
  state: MailboxState;
  isSyncing: boolean;
  lastSyncAt: number | null;
  lastError: { code: RefusalCode; message: string; at: number } | null;
  capabilities: string[];
  /** The key of `MAIL_KEYS` that seals the account's secrets; null without secrets. */
  keyId: string | null;
}

/** A message of the queue `xabar-mail`. `at` orders them: an older one never overwrites a newer one. */
export interface StatusChange {
  type: "status";
  accountId: string;
  status: MailboxStatus;
  at: number;
}

export type FolderType = "inbox" | "sent" | "drafts" | "spam" | "trash" | "custom";

export interface Folder {
  id: string;
  /** As the server names it, decoded from modified UTF-7. */
  name: string;
  displayName: string;
  type: FolderType;
  parentId: string | null;
  messageCount: number;
  unreadCount: number;
  syncedAt: number | null;
}

/** A message in a list. Addresses are bare; times are in milliseconds since the epoch. */
export interface Message {
  id: string;
  folderId: string;
  from: string;
  to: string[];
  cc: string[];
  bcc: string[];
  subject: string;
  /** At most 200 characters. */
  preview: string;
  isRead: boolean;
  isStarred: boolean;
  isSpam: boolean;
  isDeleted: boolean;
  labels: string[];
  attachmentCount: number;
  receivedAt: number;
  createdAt: number;
  updatedAt: number;
}

export interface Attachment {
  /** `<account id>-<message id>-<part>`, for example c…-c…-2.1. */
  id: string;
  messageId: string;
  filename: string;
  mimeType: string;
  /** In bytes after decoding; before the first download an estimate. */
  size: number;
  contentId: string | null;
  isInline: boolean;
}

export interface MessageDetail extends Message {
  /** The text, else the HTML. */
  body: string;
  /** As it came. A page that shows it must sanitise it. */
  bodyHtml: string | null;
  /** True if there is more of the body than is given here. */
  isTruncated: boolean;
  /** By name as it came; repeated ones are joined by newlines. */
  headers: Record<string, string>;
  attachments: Attachment[];
  conversationId: string | null;
  /** Of all folders that hold the message. */
  folderIds: string[];
  /** False while the server cannot keep the labels, so that they are here alone. */
  labelsSynced: boolean;
}

export interface ListQuery {
  folderId: string;
  limit: number;
  offset: number;
  sort: "receivedAt:asc" | "receivedAt:desc" | "from:asc" | "from:desc";
  filter: "all" | "read" | "unread";
}

export interface MessageChange {
  isRead?: boolean;
  isStarred?: boolean;
  isSpam?: boolean;
  /** The whole set. */
  labels?: string[];
}

/** A file in the bucket. */
export interface StoredFile {
  key: string;
  filename: string;
  mimeType: string;
  size: number;
}

/** A mail to send, or a draft. Addresses are bare and valid; a draft may lack recipients, subject and body. */
export interface OutgoingMail {
  to: string[];
  cc: string[];
  bcc: string[];
  replyTo: string | null;
  subject: string;
  body: string;
  isHtml: boolean;
  files: StoredFile[];
  /** The id of a message of this account, or a Message-ID with its angle brackets. */
  inReplyTo: string | null;
}

/** A composed mail for one recipient: RFC 5322, in ASCII, with lines that end in CRLF. */
export type ReadyMail = { from: string; to: string; raw: string };
/** A server that sends mails of the operator. */
export type RelayServer = Server & { username: string; password: string };

export type TaskStatus = "pending" | "started" | "retry" | "success" | "failure";

export interface Task {
  /** `<account id>-<task>`: so that the account is known without a table. */
  taskId: string;
  status: TaskStatus;
  /** From 0 to 100. It never falls, and is 100 only with success. */
  progress: number;
  result: Record<string, unknown> | null;
  error: string | null;
  /** Of a failure. */
  code: RefusalCode | null;
}

/** A mailbox, by account id: `env.MAILBOX.getByName(accountId)`. */
export interface MailboxApi extends Rpc.DurableObjectBranded {
  /** Creates the mailbox, or changes its settings; without `secrets` the kept ones stay. It syncs soon after. */
  configure(
    owner: Owner,
    settings: MailboxSettings,
    secrets?: MailboxSecrets,
  ): Promise<Outcome<{ status: MailboxStatus }>>;
  /** Logs in with these settings, and keeps nothing. Without `secrets` it takes the kept ones. */
  check(
    owner: Owner,
    settings: MailboxSettings,
    secrets?: MailboxSecrets,
  ): Promise<Outcome<{ capabilities: string[] }>>;
  /** Begins a sign-in at an OAuth provider. @returns the URL of its consent page */
  beginSignIn(
    owner: Owner,
    settings: MailboxSettings,
    redirectUri: string,
  ): Promise<Outcome<{ url: string; state: string }>>;
  /** Ends a sign-in: trades the code for tokens, keeps them, and opens the mailbox. */
  finishSignIn(
    owner: Owner,
    state: string,
    code: string,
  ): Promise<Outcome<{ settings: MailboxSettings; status: MailboxStatus }>>;
  status(owner: Owner): Promise<Outcome<{ status: MailboxStatus }>>;
  /** Destroys the secrets and stops; messages stay. `configure` opens it again. */
  close(owner: Owner): Promise<Outcome<object>>;
  /** Erases the mailbox with its files, for good. Afterwards it is NOT_FOUND. */
  erase(owner: Owner): Promise<Outcome<object>>;
  folders(owner: Owner): Promise<Outcome<{ folders: Folder[] }>>;
  messages(owner: Owner, query: ListQuery): Promise<Outcome<{ messages: Message[]; total: number }>>;
  message(owner: Owner, messageId: string): Promise<Outcome<{ message: MessageDetail }>>;
  /** Changes the message here at once, and on the server soon after. */
  update(
    owner: Owner,
    messageId: string,
    change: MessageChange,
  ): Promise<Outcome<{ message: MessageDetail }>>;
  /** Stores an attachment or an upload in the bucket, unless it is there. */
  file(owner: Owner, attachmentId: string): Promise<Outcome<{ file: StoredFile }>>;
  /** Takes over a file in the bucket, for mails to come. It is kept for 30 days. */
  addUpload(owner: Owner, file: StoredFile): Promise<Outcome<{ attachment: Attachment }>>;
  /** Asks for a sync. While one of the same scope runs, its task is returned. */
  sync(owner: Owner, scope: { force: boolean; folders: string[] }): Promise<Outcome<{ task: Task }>>;
  task(owner: Owner, taskId: string): Promise<Outcome<{ task: Task }>>;
  /** Accepts a mail for sending. A key makes one mail, however often it comes. */
  send(
    owner: Owner,
    mail: OutgoingMail,
    key: string | null,
  ): Promise<Outcome<{ task: Task; messageId: string; isReplayed: boolean }>>;
  /** Saves a draft. @param draftId of the draft that it replaces */
  saveDraft(
    owner: Owner,
    mail: OutgoingMail,
    draftId: string | null,
  ): Promise<Outcome<{ draftId: string; createdAt: number }>>;
  /** Sends a mail within a minute, from any object. SEND_REFUSED is for good; after SEND_UNKNOWN it may have been sent. */
  relay(server: RelayServer, mail: ReadyMail): Promise<Outcome<object>>;
}
