-- What strangers tell is cleaned at the door from here on; what is stored already is mended here, as far as SQL can.
ALTER TABLE `ems_accounts` ADD `disconnected_by_user` integer DEFAULT false NOT NULL;
--> statement-breakpoint
ALTER TABLE `ems_messages` ADD `reply_to_addresses` text;
--> statement-breakpoint
ALTER TABLE `ems_messages` ADD `message_id_written` text;
--> statement-breakpoint
-- An expiry says why. What has no reason was set by a user.
UPDATE ems_accounts SET disconnected_by_user = 1, status_reason = 'Disconnected by a user'
WHERE status = 'disconnected' AND grant_id IS NOT NULL AND status_reason IS NULL;
--> statement-breakpoint
-- Dates: from 1970 to a day from now, else when the mail came. A mail that gets another place comes late to users'
-- stretches, and a stretch that reaches to an impossible date goes: see schema/inbox.ts.
INSERT INTO ems_late_messages (account_id, message_id)
SELECT account_id, id FROM ems_messages
WHERE typeof(sent_at) <> 'integer' OR sent_at NOT BETWEEN 0 AND unixepoch() + 86400;
--> statement-breakpoint
DELETE FROM ems_inbox_stretches
WHERE typeof(newest_at) <> 'integer' OR newest_at NOT BETWEEN 0 AND unixepoch() + 86400
  OR typeof(oldest_at) <> 'integer' OR oldest_at NOT BETWEEN 0 AND unixepoch() + 86400;
--> statement-breakpoint
UPDATE ems_messages SET sent_at = created_at
WHERE typeof(sent_at) <> 'integer' OR sent_at NOT BETWEEN 0 AND unixepoch() + 86400;
--> statement-breakpoint
UPDATE ems_inbox_entries
SET sent_at = coalesce((SELECT m.sent_at FROM ems_messages m WHERE m.id = message_id), unixepoch())
WHERE typeof(sent_at) <> 'integer' OR sent_at NOT BETWEEN 0 AND unixepoch() + 86400;
--> statement-breakpoint
UPDATE ems_threads SET
  first_message_at = coalesce((SELECT min(m.sent_at) FROM ems_messages m WHERE m.thread_id = ems_threads.id), created_at),
  last_message_at = coalesce((SELECT max(m.sent_at) FROM ems_messages m WHERE m.thread_id = ems_threads.id), created_at),
  subject = coalesce((
    SELECT m.subject FROM ems_messages m WHERE m.thread_id = ems_threads.id ORDER BY m.sent_at, m.subject LIMIT 1), subject)
WHERE typeof(first_message_at) <> 'integer' OR first_message_at NOT BETWEEN 0 AND unixepoch() + 86400
  OR typeof(last_message_at) <> 'integer' OR last_message_at NOT BETWEEN 0 AND unixepoch() + 86400;
--> statement-breakpoint
UPDATE ems_messages SET observed_at = unixepoch() * 1000
WHERE typeof(observed_at) <> 'integer' OR observed_at > (unixepoch() + 86400) * 1000;
--> statement-breakpoint
UPDATE ems_tombstones SET deleted_at = unixepoch() * 1000
WHERE typeof(deleted_at) <> 'integer' OR deleted_at > (unixepoch() + 86400) * 1000;
--> statement-breakpoint
UPDATE ems_accounts SET grant_observed_at = unixepoch() * 1000
WHERE typeof(grant_observed_at) <> 'integer' OR grant_observed_at > (unixepoch() + 86400) * 1000;
--> statement-breakpoint
UPDATE ems_deliveries SET occurred_at = received_at
WHERE occurred_at IS NOT NULL AND (typeof(occurred_at) <> 'integer' OR occurred_at NOT BETWEEN 0 AND received_at + 86400);
--> statement-breakpoint
UPDATE ems_syncs SET oldest_at = NULL
WHERE typeof(oldest_at) NOT IN ('integer', 'null') OR oldest_at NOT BETWEEN 0 AND unixepoch() + 86400;
--> statement-breakpoint
UPDATE ems_syncs SET estimated_total = NULL
WHERE typeof(estimated_total) NOT IN ('integer', 'null') OR estimated_total NOT BETWEEN 0 AND 9007199254740991;
--> statement-breakpoint
UPDATE ems_attachments SET size_bytes = iif(size_bytes BETWEEN 0 AND 9007199254740991, CAST(size_bytes AS INTEGER), 0)
WHERE typeof(size_bytes) <> 'integer' OR size_bytes NOT BETWEEN 0 AND 9007199254740991;
--> statement-breakpoint
UPDATE ems_messages SET
  opened_count = iif(opened_count BETWEEN 0 AND 9007199254740991, CAST(opened_count AS INTEGER), 1),
  clicked_count = iif(clicked_count BETWEEN 0 AND 9007199254740991, CAST(clicked_count AS INTEGER), 1)
WHERE typeof(opened_count) <> 'integer' OR opened_count NOT BETWEEN 0 AND 9007199254740991
  OR typeof(clicked_count) <> 'integer' OR clicked_count NOT BETWEEN 0 AND 9007199254740991;
--> statement-breakpoint
-- Message-IDs are compared with what follows the @ in lower case; an answer names what was written.
UPDATE ems_messages SET message_id_written = internet_message_id,
  internet_message_id = substr(internet_message_id, 1, instr(internet_message_id, '@'))
    || lower(substr(internet_message_id, instr(internet_message_id, '@') + 1))
WHERE substr(internet_message_id, instr(internet_message_id, '@')) GLOB '@*[A-Z]*';
--> statement-breakpoint
UPDATE OR REPLACE ems_pending_references SET
  internet_message_id = substr(internet_message_id, 1, instr(internet_message_id, '@'))
    || lower(substr(internet_message_id, instr(internet_message_id, '@') + 1))
WHERE substr(internet_message_id, instr(internet_message_id, '@')) GLOB '@*[A-Z]*';
--> statement-breakpoint
-- Texts of strangers: one line each, without control characters and bidirectional overrides, and no longer than a
-- send takes them.
UPDATE ems_messages SET subject = trim((
    WITH RECURSIVE clean(i, done) AS (
      SELECT 1, '' UNION ALL
      SELECT i + 1, done || CASE
        WHEN unicode(substr(subject, i, 1)) BETWEEN 8234 AND 8238 THEN ''
        WHEN unicode(substr(subject, i, 1)) BETWEEN 8294 AND 8297 THEN ''
        WHEN unicode(substr(subject, i, 1)) < 32 OR unicode(substr(subject, i, 1)) BETWEEN 127 AND 159
          OR unicode(substr(subject, i, 1)) IN (8232, 8233) THEN ' '
        ELSE substr(subject, i, 1) END
      FROM clean WHERE i <= min(length(subject), 990))
    SELECT done FROM clean ORDER BY i DESC LIMIT 1))
WHERE subject GLOB (SELECT '*[' || char(1) || '-' || char(31) || char(127) || '-' || char(159) || char(8232) || '-' || char(8238)
  || char(8294) || '-' || char(8297) || ']*')
  OR length(subject) > 990;
--> statement-breakpoint
UPDATE ems_threads SET subject = trim((
    WITH RECURSIVE clean(i, done) AS (
      SELECT 1, '' UNION ALL
      SELECT i + 1, done || CASE
        WHEN unicode(substr(subject, i, 1)) BETWEEN 8234 AND 8238 THEN ''
        WHEN unicode(substr(subject, i, 1)) BETWEEN 8294 AND 8297 THEN ''
        WHEN unicode(substr(subject, i, 1)) < 32 OR unicode(substr(subject, i, 1)) BETWEEN 127 AND 159
          OR unicode(substr(subject, i, 1)) IN (8232, 8233) THEN ' '
        ELSE substr(subject, i, 1) END
      FROM clean WHERE i <= min(length(subject), 990))
    SELECT done FROM clean ORDER BY i DESC LIMIT 1))
WHERE subject GLOB (SELECT '*[' || char(1) || '-' || char(31) || char(127) || '-' || char(159) || char(8232) || '-' || char(8238)
  || char(8294) || '-' || char(8297) || ']*')
  OR length(subject) > 990;
--> statement-breakpoint
UPDATE ems_messages SET from_name = trim((
    WITH RECURSIVE clean(i, done) AS (
      SELECT 1, '' UNION ALL
      SELECT i + 1, done || CASE
        WHEN unicode(substr(from_name, i, 1)) BETWEEN 8234 AND 8238 THEN ''
        WHEN unicode(substr(from_name, i, 1)) BETWEEN 8294 AND 8297 THEN ''
        WHEN unicode(substr(from_name, i, 1)) < 32 OR unicode(substr(from_name, i, 1)) BETWEEN 127 AND 159
          OR unicode(substr(from_name, i, 1)) IN (8232, 8233) THEN ' '
        ELSE substr(from_name, i, 1) END
      FROM clean WHERE i <= min(length(from_name), 200))
    SELECT done FROM clean ORDER BY i DESC LIMIT 1))
WHERE from_name GLOB (SELECT '*[' || char(1) || '-' || char(31) || char(127) || '-' || char(159) || char(8232) || '-' || char(8238)
  || char(8294) || '-' || char(8297) || ']*')
  OR length(from_name) > 200;
--> statement-breakpoint
UPDATE ems_messages SET from_name = NULL WHERE from_name = '';
--> statement-breakpoint
UPDATE ems_messages SET from_address = trim((
    WITH RECURSIVE clean(i, done) AS (
      SELECT 1, '' UNION ALL
      SELECT i + 1, done || CASE
        WHEN unicode(substr(from_address, i, 1)) BETWEEN 8234 AND 8238 THEN ''
        WHEN unicode(substr(from_address, i, 1)) BETWEEN 8294 AND 8297 THEN ''
        WHEN unicode(substr(from_address, i, 1)) < 32 OR unicode(substr(from_address, i, 1)) BETWEEN 127 AND 159
          OR unicode(substr(from_address, i, 1)) IN (8232, 8233) THEN ' '
        ELSE substr(from_address, i, 1) END
      FROM clean WHERE i <= min(length(from_address), 320))
    SELECT done FROM clean ORDER BY i DESC LIMIT 1))
WHERE from_address GLOB (SELECT '*[' || char(1) || '-' || char(31) || char(127) || '-' || char(159) || char(8232) || '-' || char(8238)
  || char(8294) || '-' || char(8297) || ']*')
  OR length(from_address) > 320;
--> statement-breakpoint
UPDATE ems_messages SET from_address = trim(from_address) WHERE from_address <> trim(from_address);
--> statement-breakpoint
UPDATE ems_messages SET from_address = substr(from_address, 2, length(from_address) - 2) WHERE from_address GLOB '<*>';
--> statement-breakpoint
UPDATE ems_attachments SET filename = trim((
    WITH RECURSIVE clean(i, done) AS (
      SELECT 1, '' UNION ALL
      SELECT i + 1, done || CASE
        WHEN unicode(substr(filename, i, 1)) BETWEEN 8234 AND 8238 THEN ''
        WHEN unicode(substr(filename, i, 1)) BETWEEN 8294 AND 8297 THEN ''
        WHEN unicode(substr(filename, i, 1)) < 32 OR unicode(substr(filename, i, 1)) BETWEEN 127 AND 159
          OR unicode(substr(filename, i, 1)) IN (8232, 8233) THEN ''
        ELSE substr(filename, i, 1) END
      FROM clean WHERE i <= min(length(filename), 255))
    SELECT done FROM clean ORDER BY i DESC LIMIT 1))
WHERE filename GLOB (SELECT '*[' || char(1) || '-' || char(31) || char(127) || '-' || char(159) || char(8232) || '-' || char(8238)
  || char(8294) || '-' || char(8297) || ']*')
  OR length(filename) > 255;
--> statement-breakpoint
UPDATE ems_attachments SET filename = trim(replace(replace(filename, '\', '/'),
  rtrim(replace(filename, '\', '/'), replace(replace(filename, '\', '/'), '/', '')), ''))
WHERE instr(filename, '/') > 0 OR instr(filename, '\') > 0;
--> statement-breakpoint
UPDATE ems_attachments SET filename = 'attachment' WHERE trim(filename, '. ') = '';
--> statement-breakpoint
UPDATE ems_attachments SET content_id = trim((
    WITH RECURSIVE clean(i, done) AS (
      SELECT 1, '' UNION ALL
      SELECT i + 1, done || CASE
        WHEN unicode(substr(content_id, i, 1)) BETWEEN 8234 AND 8238 THEN ''
        WHEN unicode(substr(content_id, i, 1)) BETWEEN 8294 AND 8297 THEN ''
        WHEN unicode(substr(content_id, i, 1)) < 32 OR unicode(substr(content_id, i, 1)) BETWEEN 127 AND 159
          OR unicode(substr(content_id, i, 1)) IN (8232, 8233) THEN ' '
        ELSE substr(content_id, i, 1) END
      FROM clean WHERE i <= min(length(content_id), 998))
    SELECT done FROM clean ORDER BY i DESC LIMIT 1))
WHERE content_id GLOB (SELECT '*[' || char(1) || '-' || char(31) || char(127) || '-' || char(159) || char(8232) || '-' || char(8238)
  || char(8294) || '-' || char(8297) || ']*')
  OR length(content_id) > 998;
--> statement-breakpoint
UPDATE ems_attachments SET content_type = 'application/octet-stream'
WHERE content_type GLOB (SELECT '*[' || char(1) || '-' || char(31) || char(127) || '-' || char(159) || char(8232) || '-' || char(8238)
  || char(8294) || '-' || char(8297) || ']*') OR length(content_type) > 255;
--> statement-breakpoint
UPDATE ems_attachments SET content_id = NULL WHERE content_id = '';
--> statement-breakpoint
-- Lists of addresses: a name and an address each, without what is no address (`undisclosed-recipients:;`).
UPDATE ems_messages SET to_addresses = '[]' WHERE NOT json_valid(to_addresses);
--> statement-breakpoint
UPDATE ems_messages SET cc_addresses = iif(json_valid(cc_addresses), cc_addresses, NULL),
  bcc_addresses = iif(json_valid(bcc_addresses), bcc_addresses, NULL)
WHERE NOT coalesce(json_valid(cc_addresses), 1) OR NOT coalesce(json_valid(bcc_addresses), 1);
--> statement-breakpoint
UPDATE ems_messages SET to_addresses = (
  SELECT json_group_array(iif(name = '' OR name IS NULL, json_object('email', email), json_object('name', name, 'email', email)))
  FROM (
    SELECT trim((
        WITH RECURSIVE clean(i, done) AS (
          SELECT 1, '' UNION ALL
          SELECT i + 1, done || CASE
            WHEN unicode(substr(substr(value ->> 'name', 1, 200), i, 1)) BETWEEN 8234 AND 8238 THEN ''
            WHEN unicode(substr(substr(value ->> 'name', 1, 200), i, 1)) BETWEEN 8294 AND 8297 THEN ''
            WHEN unicode(substr(substr(value ->> 'name', 1, 200), i, 1)) < 32 OR unicode(substr(substr(value ->> 'name', 1, 200), i, 1)) BETWEEN 127 AND 159
              OR unicode(substr(substr(value ->> 'name', 1, 200), i, 1)) IN (8232, 8233) THEN ' '
            ELSE substr(substr(value ->> 'name', 1, 200), i, 1) END
          FROM clean WHERE i <= min(length(substr(value ->> 'name', 1, 200)), 200))
        SELECT done FROM clean ORDER BY i DESC LIMIT 1)) AS name,
      trim(value ->> 'email', ' <>') AS email
    FROM json_each(ems_messages.to_addresses))
  WHERE length(email) <= 320 AND email GLOB '?*@?*' AND NOT email GLOB (SELECT '*[' || char(1) || '-' || char(31) || char(127) || '-' || char(159) || char(8232) || '-' || char(8238)
  || char(8294) || '-' || char(8297) || ' ,:;<>()]*')
    OR email GLOB '"*"@?*')
WHERE to_addresses GLOB (SELECT '*[' || char(1) || '-' || char(31) || char(127) || '-' || char(159) || char(8232) || '-' || char(8238)
  || char(8294) || '-' || char(8297) || ']*') OR instr(to_addresses, '\') > 0
  OR EXISTS (
    SELECT 1 FROM json_each(ems_messages.to_addresses)
    WHERE value ->> 'email' NOT GLOB '?*@?*' OR value ->> 'email' GLOB '*[ ,:;<>()]*' OR length(value ->> 'name') > 200);
--> statement-breakpoint
UPDATE ems_messages SET cc_addresses = (
  SELECT json_group_array(iif(name = '' OR name IS NULL, json_object('email', email), json_object('name', name, 'email', email)))
  FROM (
    SELECT trim((
        WITH RECURSIVE clean(i, done) AS (
          SELECT 1, '' UNION ALL
          SELECT i + 1, done || CASE
            WHEN unicode(substr(substr(value ->> 'name', 1, 200), i, 1)) BETWEEN 8234 AND 8238 THEN ''
            WHEN unicode(substr(substr(value ->> 'name', 1, 200), i, 1)) BETWEEN 8294 AND 8297 THEN ''
            WHEN unicode(substr(substr(value ->> 'name', 1, 200), i, 1)) < 32 OR unicode(substr(substr(value ->> 'name', 1, 200), i, 1)) BETWEEN 127 AND 159
              OR unicode(substr(substr(value ->> 'name', 1, 200), i, 1)) IN (8232, 8233) THEN ' '
            ELSE substr(substr(value ->> 'name', 1, 200), i, 1) END
          FROM clean WHERE i <= min(length(substr(value ->> 'name', 1, 200)), 200))
        SELECT done FROM clean ORDER BY i DESC LIMIT 1)) AS name,
      trim(value ->> 'email', ' <>') AS email
    FROM json_each(ems_messages.cc_addresses))
  WHERE length(email) <= 320 AND email GLOB '?*@?*' AND NOT email GLOB (SELECT '*[' || char(1) || '-' || char(31) || char(127) || '-' || char(159) || char(8232) || '-' || char(8238)
  || char(8294) || '-' || char(8297) || ' ,:;<>()]*')
    OR email GLOB '"*"@?*')
WHERE cc_addresses GLOB (SELECT '*[' || char(1) || '-' || char(31) || char(127) || '-' || char(159) || char(8232) || '-' || char(8238)
  || char(8294) || '-' || char(8297) || ']*') OR instr(cc_addresses, '\') > 0
  OR EXISTS (
    SELECT 1 FROM json_each(ems_messages.cc_addresses)
    WHERE value ->> 'email' NOT GLOB '?*@?*' OR value ->> 'email' GLOB '*[ ,:;<>()]*' OR length(value ->> 'name') > 200);
--> statement-breakpoint
UPDATE ems_messages SET bcc_addresses = (
  SELECT json_group_array(iif(name = '' OR name IS NULL, json_object('email', email), json_object('name', name, 'email', email)))
  FROM (
    SELECT trim((
        WITH RECURSIVE clean(i, done) AS (
          SELECT 1, '' UNION ALL
          SELECT i + 1, done || CASE
            WHEN unicode(substr(substr(value ->> 'name', 1, 200), i, 1)) BETWEEN 8234 AND 8238 THEN ''
            WHEN unicode(substr(substr(value ->> 'name', 1, 200), i, 1)) BETWEEN 8294 AND 8297 THEN ''
            WHEN unicode(substr(substr(value ->> 'name', 1, 200), i, 1)) < 32 OR unicode(substr(substr(value ->> 'name', 1, 200), i, 1)) BETWEEN 127 AND 159
              OR unicode(substr(substr(value ->> 'name', 1, 200), i, 1)) IN (8232, 8233) THEN ' '
            ELSE substr(substr(value ->> 'name', 1, 200), i, 1) END
          FROM clean WHERE i <= min(length(substr(value ->> 'name', 1, 200)), 200))
        SELECT done FROM clean ORDER BY i DESC LIMIT 1)) AS name,
      trim(value ->> 'email', ' <>') AS email
    FROM json_each(ems_messages.bcc_addresses))
  WHERE length(email) <= 320 AND email GLOB '?*@?*' AND NOT email GLOB (SELECT '*[' || char(1) || '-' || char(31) || char(127) || '-' || char(159) || char(8232) || '-' || char(8238)
  || char(8294) || '-' || char(8297) || ' ,:;<>()]*')
    OR email GLOB '"*"@?*')
WHERE bcc_addresses GLOB (SELECT '*[' || char(1) || '-' || char(31) || char(127) || '-' || char(159) || char(8232) || '-' || char(8238)
  || char(8294) || '-' || char(8297) || ']*') OR instr(bcc_addresses, '\') > 0
  OR EXISTS (
    SELECT 1 FROM json_each(ems_messages.bcc_addresses)
    WHERE value ->> 'email' NOT GLOB '?*@?*' OR value ->> 'email' GLOB '*[ ,:;<>()]*' OR length(value ->> 'name') > 200);
