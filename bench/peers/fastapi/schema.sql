-- The tables and indexes that the same questions need as in src/ems/schema: each list is an index range, and
-- nothing is a foreign key. Counters are kept by the statements that change the rows, so that no total is counted.

CREATE TABLE accounts (
  id uuid PRIMARY KEY,
  company_id int NOT NULL,
  email_address text NOT NULL,
  grant_id text UNIQUE,
  message_count int NOT NULL DEFAULT 0,
  thread_count int NOT NULL DEFAULT 0
);
CREATE UNIQUE INDEX accounts_email ON accounts (lower(email_address));
CREATE INDEX accounts_company ON accounts (company_id);

CREATE TABLE threads (
  id uuid PRIMARY KEY,
  company_id int NOT NULL,
  account_id uuid NOT NULL,
  provider_thread_id text,
  subject text NOT NULL,
  first_message_at timestamptz NOT NULL,
  last_message_at timestamptz NOT NULL,
  message_count int NOT NULL,
  do_not_delete boolean NOT NULL DEFAULT false,
  version int NOT NULL,
  created_at timestamptz NOT NULL,
  UNIQUE (account_id, provider_thread_id)
);
CREATE INDEX threads_company ON threads (company_id, last_message_at, id);
CREATE INDEX threads_account ON threads (account_id, last_message_at, id);

CREATE TABLE messages (
  id uuid PRIMARY KEY,
  company_id int NOT NULL,
  account_id uuid NOT NULL,
  thread_id uuid NOT NULL,
  provider_message_id text NOT NULL,
  provider_thread_id text,
  internet_message_id text,
  from_address text NOT NULL,
  from_name text,
  reply_to json,
  to_addresses json NOT NULL,
  cc_addresses json,
  bcc_addresses json,
  subject text NOT NULL,
  snippet text,
  direction text NOT NULL,
  folder text NOT NULL DEFAULT 'inbox',
  has_attachments boolean NOT NULL,
  threaded_by text NOT NULL,
  delivery json,
  sent_at timestamptz NOT NULL,
  created_at timestamptz NOT NULL,
  body_text text,
  body_html text,
  UNIQUE (account_id, provider_message_id)
);
CREATE INDEX messages_company ON messages (company_id, sent_at, id);
CREATE INDEX messages_account ON messages (account_id, sent_at, id);
CREATE INDEX messages_thread ON messages (thread_id, sent_at, id);
CREATE INDEX messages_provider_thread ON messages (account_id, provider_thread_id);
CREATE INDEX messages_internet ON messages (account_id, internet_message_id);

CREATE TABLE attachments (
  id uuid PRIMARY KEY,
  message_id uuid NOT NULL,
  provider_attachment_id text NOT NULL,
  filename text NOT NULL,
  content_type text NOT NULL,
  size_bytes int NOT NULL,
  content_id text,
  is_inline boolean NOT NULL,
  created_at timestamptz NOT NULL,
  UNIQUE (message_id, provider_attachment_id)
);

-- One user's state of one message. No row: unread, not starred, not archived.
CREATE TABLE inbox_entries (
  user_id int NOT NULL,
  message_id uuid NOT NULL,
  account_id uuid NOT NULL,
  sent_at timestamptz NOT NULL,
  is_read boolean NOT NULL DEFAULT false,
  is_starred boolean NOT NULL DEFAULT false,
  is_archived boolean NOT NULL DEFAULT false,
  read_at timestamptz,
  PRIMARY KEY (message_id, user_id)
);
CREATE INDEX inbox_entries_shown ON inbox_entries (user_id, account_id, sent_at, message_id) WHERE NOT is_archived;
CREATE INDEX inbox_entries_unread ON inbox_entries (user_id, account_id, sent_at, message_id)
  WHERE NOT is_archived AND NOT is_read;
CREATE INDEX inbox_entries_read ON inbox_entries (user_id, account_id, sent_at, message_id)
  WHERE NOT is_archived AND is_read;

-- The message down from which the user has an entry for each: there the few unread among many read are found by
-- index. Above it, whatever has no entry is unread. It rises when nearly all above it has been touched.
CREATE TABLE inbox_watermarks (
  user_id int NOT NULL,
  account_id uuid NOT NULL,
  sent_at timestamptz NOT NULL,
  message_id uuid NOT NULL,
  PRIMARY KEY (user_id, account_id)
);
CREATE INDEX inbox_watermarks_account ON inbox_watermarks (account_id, sent_at);

CREATE TABLE inbox_counters (
  user_id int NOT NULL,
  account_id uuid NOT NULL,
  read_count int NOT NULL DEFAULT 0,
  archived_count int NOT NULL DEFAULT 0,
  PRIMARY KEY (user_id, account_id)
);

CREATE TABLE events (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  company_id int NOT NULL,
  user_id int,
  type text NOT NULL,
  thread_id uuid,
  message_id uuid,
  cause text NOT NULL UNIQUE,
  created_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX events_company ON events (company_id, id);
CREATE INDEX events_shared ON events (company_id, id) WHERE user_id IS NULL;
CREATE INDEX events_own ON events (user_id, company_id, id) WHERE user_id IS NOT NULL;

CREATE TABLE deliveries (
  id text PRIMARY KEY,
  type text NOT NULL,
  grant_id text,
  account_id uuid,
  received_at timestamptz NOT NULL,
  occurred_at timestamptz,
  state text NOT NULL,
  finished_at timestamptz NOT NULL
);
CREATE INDEX deliveries_account ON deliveries (account_id, received_at, id);

-- A time as the contract shows it. The session's time zone is UTC.
CREATE FUNCTION iso(at timestamptz) RETURNS text LANGUAGE sql STABLE PARALLEL SAFE
RETURN to_char(at, 'YYYY-MM-DD"T"HH24:MI:SS"Z"');

-- The id of a user's entry: the message's id under the user's mask, in two halves.
CREATE FUNCTION entry_id(id uuid, high bigint, low bigint) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN encode(
  int8send(('x' || left(encode(uuid_send(id), 'hex'), 16))::bit(64)::bigint # high)
  || int8send(('x' || right(encode(uuid_send(id), 'hex'), 16))::bit(64)::bigint # low), 'hex')::uuid;
