-- A sign-in at an OAuth provider that is under way. One row at most, for a quarter of an hour.
DROP TABLE sign_ins;
CREATE TABLE sign_ins (
  state TEXT PRIMARY KEY,
  -- JSON: Owner.
  owner TEXT NOT NULL,
  -- JSON: MailboxSettings.
  settings TEXT NOT NULL,
  -- RFC 7636.
  verifier TEXT NOT NULL,
  redirect_uri TEXT NOT NULL,
  created_at INTEGER NOT NULL
) WITHOUT ROWID;
