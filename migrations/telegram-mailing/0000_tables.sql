-- The Durable Object TelegramMailing: one user's accounts, groups and mailing. Times are in milliseconds since the epoch.

-- One row.
CREATE TABLE mailing (
  id INTEGER PRIMARY KEY CHECK (id = 1),
  -- Random bytes: the random ids of posts follow from them, the run and the group.
  seed BLOB NOT NULL,
  text TEXT NOT NULL DEFAULT '',
  -- JSON of the picture or video: see contract.ts of telegram-account.
  media TEXT,
  -- In seconds.
  frequency INTEGER,
  duration INTEGER,
  is_active INTEGER NOT NULL DEFAULT 0,
  started_at INTEGER,
  ends_at INTEGER,
  -- Of the last start.
  max_steps INTEGER,
  max_runs INTEGER,
  -- When run 0 is planned: later than started_at after a restart within one frequency.
  first_run_at INTEGER,
  step INTEGER NOT NULL DEFAULT 0,
  sent_count INTEGER NOT NULL DEFAULT 0,
  -- Why it was stopped: user, ended, no_subscription, no_accounts, content.
  stop_reason TEXT,
  -- When the groups are to be looked up, if they are; when that was last begun.
  sync_due_at INTEGER,
  synced_at INTEGER,
  -- How often in a row that was begun without an end, or ended with an account that could not be reached.
  sync_tries INTEGER NOT NULL DEFAULT 0
);

CREATE TABLE accounts (
  -- In digits.
  phone INTEGER PRIMARY KEY,
  -- connecting, active, paused or signed_out.
  state TEXT NOT NULL,
  -- Of paused and signed_out, in Telegram's words or ours.
  reason TEXT,
  -- When a pause ends; null for one that the user ends.
  paused_until INTEGER,
  -- When Telegram lets the account post again, after a FLOOD_WAIT.
  waits_until INTEGER,
  -- The last PEER_FLOOD.
  limited_at INTEGER,
  added_at INTEGER NOT NULL,
  -- When the account is asked what became of a sign-in that has not ended here; null without one.
  settles_at INTEGER
);

CREATE TABLE groups (
  -- What the API calls the group. Stable for as long as the user exists.
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  -- As in the Bot API.
  peer INTEGER NOT NULL UNIQUE,
  title TEXT NOT NULL,
  username TEXT,
  -- The user wants no posts there.
  is_excluded INTEGER NOT NULL DEFAULT 0,
  -- The operator wants no posts there, as far as known: looked up at start, at each run and after each sync.
  is_blocked INTEGER NOT NULL DEFAULT 0,
  -- Why it is out until the next sync; null for one that is in.
  out_reason TEXT,
  -- Refusals in a row.
  refusals INTEGER NOT NULL DEFAULT 0,
  last_posted_at INTEGER
);

-- Which accounts may write in which group. A group without one is not listed.
CREATE TABLE memberships (
  group_id INTEGER NOT NULL,
  phone INTEGER NOT NULL,
  -- In decimal; null for a basic group.
  access_hash TEXT,
  PRIMARY KEY (group_id, phone)
) WITHOUT ROWID;
CREATE INDEX memberships_phone ON memberships (phone);

CREATE TABLE runs (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  -- The started_at of the mailing, and the number of the run since then.
  started_at INTEGER NOT NULL,
  number INTEGER NOT NULL,
  planned_at INTEGER NOT NULL,
  began_at INTEGER,
  ended_at INTEGER,
  -- What it posts.
  text TEXT NOT NULL,
  media TEXT,
  UNIQUE (started_at, number)
);

-- What became of each group in a run.
CREATE TABLE deliveries (
  run_id INTEGER NOT NULL,
  group_id INTEGER NOT NULL,
  -- sending, sent, skipped, failed or unknown. Groups of a run without a row wait.
  state TEXT NOT NULL,
  reason TEXT,
  -- The account that tries it, and when it first did.
  phone INTEGER,
  tried_at INTEGER,
  message_id INTEGER,
  ended_at INTEGER,
  PRIMARY KEY (run_id, group_id)
) WITHOUT ROWID;

-- When login codes were asked for, of the last day.
CREATE TABLE codes (at INTEGER NOT NULL);

-- Files in R2: kept while the mailing or an unfinished run posts them.
CREATE TABLE files (
  key TEXT PRIMARY KEY,
  -- When it was announced: it goes an hour later if nothing posts it.
  at INTEGER NOT NULL
) WITHOUT ROWID;
