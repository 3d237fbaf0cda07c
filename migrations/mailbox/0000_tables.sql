-- The tables of one mailbox, in the SQLite of its Durable Object. Times are in milliseconds since the epoch.

-- One row.
CREATE TABLE account (
  id INTEGER PRIMARY KEY CHECK (id = 1),
  account_id TEXT NOT NULL,
  tenant_id TEXT NOT NULL,
  user_id TEXT NOT NULL,
  -- JSON: MailboxSettings.
  settings TEXT NOT NULL,
  -- JSON: secrets by name, each sealed with the account's own key; NULL once they are destroyed.
  secrets TEXT,
  -- The account's own key, sealed with the key of MAIL_KEYS that key_id names.
  data_key TEXT,
  key_id TEXT,
  state TEXT NOT NULL,
  -- JSON: code, message, at.
  last_error TEXT,
  last_sync_at INTEGER,
  -- JSON: of the incoming server.
  capabilities TEXT NOT NULL DEFAULT '[]',
  -- JSON: the SMTP server that was found, and from where.
  smtp_found TEXT,
  -- Failed passes in a row, and refused logins in a row.
  failures INTEGER NOT NULL DEFAULT 0,
  refused_logins INTEGER NOT NULL DEFAULT 0,
  next_sync_at INTEGER,
  -- When the Worker was last told of the status, and of which.
  told_at INTEGER,
  told TEXT,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL
);

CREATE TABLE folders (
  id TEXT PRIMARY KEY,
  -- As the server names it, decoded.
  path TEXT NOT NULL UNIQUE,
  delimiter TEXT,
  type TEXT NOT NULL,
  parent_id TEXT,
  -- 1 for a folder that is not on the server: of POP3.
  is_local INTEGER NOT NULL DEFAULT 0,
  -- The server's values as of the last pass that took in all their changes; 64-bit numbers as text.
  uidvalidity TEXT,
  uidnext INTEGER,
  modseq TEXT,
  server_total INTEGER,
  server_unseen INTEGER,
  -- The lowest UID that the first sync has reached; 1 when it is through.
  synced_low INTEGER,
  -- When all flags were last read, on a server without CONDSTORE, and the next UID to go on from.
  flags_at INTEGER,
  flags_from INTEGER,
  checked_at INTEGER,
  -- Grows with every change of the list.
  version INTEGER NOT NULL DEFAULT 0,
  -- Kept by the statements that change places.
  total INTEGER NOT NULL DEFAULT 0,
  unread INTEGER NOT NULL DEFAULT 0
);

CREATE TABLE messages (
  id TEXT PRIMARY KEY,
  -- What tells a message apart from all others, whatever folder it is in: see sync/identity.ts.
  key TEXT NOT NULL UNIQUE,
  -- Without angle brackets; empty for none.
  internet_message_id TEXT NOT NULL DEFAULT '',
  conversation_id TEXT NOT NULL,
  received_at INTEGER NOT NULL,
  from_name TEXT NOT NULL DEFAULT '',
  from_address TEXT NOT NULL DEFAULT '',
  -- JSON: [{name, address}].
  to_list TEXT NOT NULL DEFAULT '[]',
  cc_list TEXT NOT NULL DEFAULT '[]',
  bcc_list TEXT NOT NULL DEFAULT '[]',
  reply_to_list TEXT NOT NULL DEFAULT '[]',
  subject TEXT NOT NULL DEFAULT '',
  -- NULL until it is known.
  preview TEXT,
  size INTEGER NOT NULL DEFAULT 0,
  -- JSON: the leaf parts of the message, as mime/parts.ts makes them.
  parts TEXT NOT NULL DEFAULT '[]',
  attachment_count INTEGER NOT NULL DEFAULT 0,
  -- Message-IDs of the References and In-Reply-To headers, separated by blanks.
  refs TEXT NOT NULL DEFAULT '',
  -- JSON: labels that the server cannot keep; NULL while the server's keywords are the labels.
  local_labels TEXT,
  -- Of a message that no folder has: it is deleted when it stays so.
  missing_since INTEGER,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL
) WITHOUT ROWID;
CREATE INDEX messages_internet ON messages (internet_message_id) WHERE internet_message_id <> '';
CREATE INDEX messages_missing ON messages (missing_since) WHERE missing_since IS NOT NULL;

-- Where a message is: one row for each folder and UID. received_at and sender are copied, for the order of lists.
CREATE TABLE places (
  folder_id TEXT NOT NULL,
  uid INTEGER NOT NULL,
  message_id TEXT NOT NULL,
  received_at INTEGER NOT NULL,
  -- The sender's address in lower case.
  sender TEXT NOT NULL,
  is_read INTEGER NOT NULL,
  -- All flags but \Seen and \Recent, sorted and separated by blanks.
  flags TEXT NOT NULL DEFAULT '',
  PRIMARY KEY (folder_id, uid)
) WITHOUT ROWID;
-- Each serves read, unread, and all of them by merging two ranges.
CREATE INDEX places_received ON places (folder_id, is_read, received_at, message_id);
CREATE INDEX places_sender ON places (folder_id, is_read, sender, message_id);
CREATE INDEX places_message ON places (message_id);

-- The conversation of every Message-ID that a message has or refers to.
CREATE TABLE conversation_ids (
  internet_message_id TEXT PRIMARY KEY,
  conversation_id TEXT NOT NULL
) WITHOUT ROWID;
-- Conversations that turned out to be one.
CREATE TABLE merged_conversations (
  id TEXT PRIMARY KEY,
  into_id TEXT NOT NULL
) WITHOUT ROWID;

-- The mails of a POP3 server that are here, by their unique id there.
CREATE TABLE pop_mails (
  id TEXT PRIMARY KEY,
  message_id TEXT NOT NULL
) WITHOUT ROWID;
CREATE INDEX pop_mails_message ON pop_mails (message_id);

-- Bodies and headers that were read, up to 64 KB; larger ones are in the bucket.
CREATE TABLE bodies (
  message_id TEXT PRIMARY KEY,
  text TEXT,
  html TEXT,
  -- JSON: by name.
  headers TEXT NOT NULL,
  -- 1 if the mail has more of it than is kept.
  is_cut INTEGER NOT NULL DEFAULT 0,
  -- In the bucket, in place of the columns above.
  key TEXT
) WITHOUT ROWID;

-- Names of labels whose keyword on the server is another.
CREATE TABLE labels (
  keyword TEXT PRIMARY KEY,
  name TEXT NOT NULL
) WITHOUT ROWID;

-- The log of changes, for readers that follow the mailbox. The history of the first sync is not in it.
CREATE TABLE changes (
  -- Only grows, since the newest row is never deleted: AUTOINCREMENT would write a second row for each.
  seq INTEGER PRIMARY KEY,
  message_id TEXT NOT NULL,
  -- created, updated, deleted.
  kind TEXT NOT NULL,
  at INTEGER NOT NULL
);

-- Changes that were made here and are still to be made on the server.
CREATE TABLE ops (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  message_id TEXT NOT NULL,
  -- flags, labels, move: see store/pending.ts.
  kind TEXT NOT NULL,
  -- JSON.
  payload TEXT NOT NULL,
  attempts INTEGER NOT NULL DEFAULT 0,
  due_at INTEGER NOT NULL,
  created_at INTEGER NOT NULL
);
CREATE INDEX ops_due ON ops (due_at);
CREATE INDEX ops_message ON ops (message_id);

-- The journal of sending: see sending/journal.ts.
CREATE TABLE sends (
  -- The task's id.
  id TEXT PRIMARY KEY,
  key TEXT UNIQUE,
  -- SHA-256 of the mail.
  digest TEXT NOT NULL,
  message_id TEXT NOT NULL,
  -- JSON: Letter.
  letter TEXT NOT NULL,
  -- composed, data, dot, accepted, filed, refused, unknown.
  phase TEXT NOT NULL,
  -- The server's last reply, or what was found later.
  reply TEXT,
  -- JSON: refused recipients with the server's words.
  refused TEXT NOT NULL DEFAULT '[]',
  -- In this phase.
  attempts INTEGER NOT NULL DEFAULT 0,
  -- When to go on; NULL at the end.
  due_at INTEGER,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL
) WITHOUT ROWID;
CREATE INDEX sends_due ON sends (due_at) WHERE due_at IS NOT NULL;
CREATE INDEX sends_created ON sends (created_at);
CREATE INDEX sends_message ON sends (message_id);

-- Drafts that the server does not have yet as they are: see sending/drafts.ts.
CREATE TABLE drafts (
  message_id TEXT PRIMARY KEY,
  -- JSON: Letter.
  letter TEXT NOT NULL,
  -- JSON: where the server has earlier versions.
  replaces TEXT NOT NULL,
  attempts INTEGER NOT NULL DEFAULT 0,
  -- When to tell the server; NULL once that was given up.
  due_at INTEGER,
  updated_at INTEGER NOT NULL
) WITHOUT ROWID;
CREATE INDEX drafts_due ON drafts (due_at) WHERE due_at IS NOT NULL;

CREATE TABLE tasks (
  id TEXT PRIMARY KEY,
  -- sync or send.
  kind TEXT NOT NULL,
  -- What it covers, so that there is one at a time for each.
  scope TEXT NOT NULL,
  status TEXT NOT NULL,
  progress INTEGER NOT NULL DEFAULT 0,
  -- JSON.
  result TEXT,
  error TEXT,
  code TEXT,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL
) WITHOUT ROWID;
CREATE INDEX tasks_updated ON tasks (updated_at);
CREATE UNIQUE INDEX tasks_running ON tasks (kind, scope) WHERE kind = 'sync' AND status IN ('pending', 'started', 'retry');

CREATE TABLE uploads (
  id TEXT PRIMARY KEY,
  key TEXT NOT NULL,
  filename TEXT NOT NULL,
  mime_type TEXT NOT NULL,
  size INTEGER NOT NULL,
  created_at INTEGER NOT NULL
) WITHOUT ROWID;
CREATE INDEX uploads_created ON uploads (created_at);

-- A sign-in at an OAuth provider that is under way. One row at most.
CREATE TABLE sign_ins (
  state TEXT PRIMARY KEY,
  -- JSON: MailboxSettings.
  settings TEXT NOT NULL,
  verifier TEXT NOT NULL,
  redirect_uri TEXT NOT NULL,
  created_at INTEGER NOT NULL
) WITHOUT ROWID;
