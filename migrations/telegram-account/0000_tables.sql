-- The Durable Object TelegramAccount: one phone's session. Times are in milliseconds since the epoch.

-- One row.
CREATE TABLE account (
  id INTEGER PRIMARY KEY CHECK (id = 1),
  -- The user whose account it is, or who has begun to sign in; null for nobody's.
  user INTEGER,
  -- none, signed_in or signed_out: see contract.ts. leaving: forgotten, but Telegram does not know it yet.
  state TEXT NOT NULL DEFAULT 'none',
  -- Who is signed in.
  telegram_id INTEGER,
  first_name TEXT,
  -- Until when the code of a sign-in may be given, and then its password; null without one.
  pending_until INTEGER,
  -- What Telegram calls the code; null once it was right, and a password is needed.
  code_hash TEXT,
  -- Wrong codes.
  tries INTEGER NOT NULL DEFAULT 0,
  -- JSON: when login codes were asked for, of the last day.
  codes TEXT NOT NULL DEFAULT '[]',
  -- Until when Telegram is asked to end the session of an account that is leaving, and when next.
  leaving_until INTEGER,
  leaving_at INTEGER
);

INSERT INTO account (id) VALUES (1);

-- The session: the key that data centre and client share, sealed by TELEGRAM_SESSION_KEY.
CREATE TABLE auth_keys (
  dc INTEGER PRIMARY KEY,
  sealed BLOB NOT NULL
);

-- What mtcute must know after a restart: which data centre is the account's.
CREATE TABLE client_values (
  name TEXT PRIMARY KEY,
  value BLOB NOT NULL
) WITHOUT ROWID;

-- The file that was uploaded last: the posts of a mailing share it.
CREATE TABLE media (
  -- Of contract.ts: it stands for the content.
  key TEXT PRIMARY KEY,
  -- photo or document.
  kind TEXT NOT NULL,
  -- In decimal.
  file_id TEXT NOT NULL,
  access_hash TEXT NOT NULL,
  file_reference BLOB NOT NULL
) WITHOUT ROWID;
