-- Fewer rows written for each change: tables with several key columns become WITHOUT ROWID, each entry is in one or two
-- indexes, each event in one, and an account's counters of a user are one row.
-- In this mode a renamed table leaves the triggers of other tables as they are.
PRAGMA legacy_alter_table = ON;
--> statement-breakpoint
CREATE TABLE `new_inbox_counters` (
	`user_id` integer NOT NULL,
	`account_id` text NOT NULL,
	`states` text DEFAULT '{}' NOT NULL,
	`late_seen` integer,
	PRIMARY KEY(`account_id`, `user_id`)
) WITHOUT ROWID;
--> statement-breakpoint
-- The number of messages that are only read and in the inbox folder was the rest of read_count.
INSERT INTO `new_inbox_counters` (user_id, account_id, states, late_seen)
SELECT n.user_id, n.account_id, (
  SELECT json_group_object(place, count) FROM (
    SELECT folder || state AS place, count FROM ems_inbox_state_counters s
    WHERE s.user_id = n.user_id AND s.account_id = n.account_id
    UNION ALL
    SELECT 'inbox1', n.read_count - coalesce((
      SELECT sum(count) FROM ems_inbox_state_counters s
      WHERE s.user_id = n.user_id AND s.account_id = n.account_id
        AND state IN (1, 3) AND folder NOT IN ('junk', 'trash', 'drafts')), 0))
  WHERE count > 0),
  iif(EXISTS (SELECT 1 FROM ems_inbox_stretches r WHERE r.user_id = n.user_id AND r.account_id = n.account_id),
    late_seen, NULL)
FROM ems_inbox_counters n ORDER BY n.account_id, n.user_id;
--> statement-breakpoint
DROP TABLE `ems_inbox_state_counters`;
--> statement-breakpoint
DROP TABLE `ems_inbox_counters`;
--> statement-breakpoint
ALTER TABLE `new_inbox_counters` RENAME TO `ems_inbox_counters`;
--> statement-breakpoint
CREATE INDEX `ems_inbox_counters_late` ON `ems_inbox_counters` (`account_id`,`late_seen`) WHERE late_seen IS NOT NULL;
--> statement-breakpoint
CREATE TABLE `new_inbox_stretches` (
	`user_id` integer NOT NULL,
	`account_id` text NOT NULL,
	`newest_at` integer NOT NULL,
	`newest_id` text NOT NULL,
	`oldest_at` integer NOT NULL,
	`oldest_id` text NOT NULL,
	PRIMARY KEY(`account_id`, `user_id`, `newest_at`, `newest_id`)
) WITHOUT ROWID;
--> statement-breakpoint
INSERT INTO `new_inbox_stretches`
SELECT user_id, account_id, newest_at, newest_id, oldest_at, oldest_id FROM ems_inbox_stretches;
--> statement-breakpoint
DROP TABLE `ems_inbox_stretches`;
--> statement-breakpoint
ALTER TABLE `new_inbox_stretches` RENAME TO `ems_inbox_stretches`;
--> statement-breakpoint
CREATE INDEX `ems_inbox_stretches_newest` ON `ems_inbox_stretches` (`account_id`,`newest_at`);
--> statement-breakpoint
CREATE INDEX `ems_inbox_stretches_oldest` ON `ems_inbox_stretches` (`account_id`,`oldest_at`);
--> statement-breakpoint
CREATE TABLE `new_inbox_entries` (
	`user_id` integer NOT NULL,
	`message_id` text NOT NULL,
	`company_id` integer NOT NULL,
	`account_id` text NOT NULL,
	`sent_at` integer NOT NULL,
	`is_read` integer DEFAULT false NOT NULL,
	`is_starred` integer DEFAULT false NOT NULL,
	`is_archived` integer DEFAULT false NOT NULL,
	`read_at` integer,
	`folder` text DEFAULT 'inbox' NOT NULL,
	`hidden` integer GENERATED ALWAYS AS (folder IN ('junk', 'trash', 'drafts')) VIRTUAL,
	`elsewhere` integer GENERATED ALWAYS AS (folder <> 'inbox') VIRTUAL,
	`state` integer GENERATED ALWAYS AS (is_read + 2 * is_starred + 4 * is_archived) VIRTUAL,
	PRIMARY KEY(`message_id`, `user_id`)
) WITHOUT ROWID;
--> statement-breakpoint
-- The largest table, in eight statements: D1 ends one after 30 seconds. Each reads in the order of the key.
INSERT INTO `new_inbox_entries` (user_id, message_id, company_id, account_id, sent_at, is_read, is_starred, is_archived, read_at, folder)
SELECT user_id, message_id, company_id, account_id, sent_at, is_read, is_starred, is_archived, read_at, folder
FROM ems_inbox_entries WHERE abs(user_id % 8) = 0 ORDER BY message_id, user_id;
--> statement-breakpoint
INSERT INTO `new_inbox_entries` (user_id, message_id, company_id, account_id, sent_at, is_read, is_starred, is_archived, read_at, folder)
SELECT user_id, message_id, company_id, account_id, sent_at, is_read, is_starred, is_archived, read_at, folder
FROM ems_inbox_entries WHERE abs(user_id % 8) = 1 ORDER BY message_id, user_id;
--> statement-breakpoint
INSERT INTO `new_inbox_entries` (user_id, message_id, company_id, account_id, sent_at, is_read, is_starred, is_archived, read_at, folder)
SELECT user_id, message_id, company_id, account_id, sent_at, is_read, is_starred, is_archived, read_at, folder
FROM ems_inbox_entries WHERE abs(user_id % 8) = 2 ORDER BY message_id, user_id;
--> statement-breakpoint
INSERT INTO `new_inbox_entries` (user_id, message_id, company_id, account_id, sent_at, is_read, is_starred, is_archived, read_at, folder)
SELECT user_id, message_id, company_id, account_id, sent_at, is_read, is_starred, is_archived, read_at, folder
FROM ems_inbox_entries WHERE abs(user_id % 8) = 3 ORDER BY message_id, user_id;
--> statement-breakpoint
INSERT INTO `new_inbox_entries` (user_id, message_id, company_id, account_id, sent_at, is_read, is_starred, is_archived, read_at, folder)
SELECT user_id, message_id, company_id, account_id, sent_at, is_read, is_starred, is_archived, read_at, folder
FROM ems_inbox_entries WHERE abs(user_id % 8) = 4 ORDER BY message_id, user_id;
--> statement-breakpoint
INSERT INTO `new_inbox_entries` (user_id, message_id, company_id, account_id, sent_at, is_read, is_starred, is_archived, read_at, folder)
SELECT user_id, message_id, company_id, account_id, sent_at, is_read, is_starred, is_archived, read_at, folder
FROM ems_inbox_entries WHERE abs(user_id % 8) = 5 ORDER BY message_id, user_id;
--> statement-breakpoint
INSERT INTO `new_inbox_entries` (user_id, message_id, company_id, account_id, sent_at, is_read, is_starred, is_archived, read_at, folder)
SELECT user_id, message_id, company_id, account_id, sent_at, is_read, is_starred, is_archived, read_at, folder
FROM ems_inbox_entries WHERE abs(user_id % 8) = 6 ORDER BY message_id, user_id;
--> statement-breakpoint
INSERT INTO `new_inbox_entries` (user_id, message_id, company_id, account_id, sent_at, is_read, is_starred, is_archived, read_at, folder)
SELECT user_id, message_id, company_id, account_id, sent_at, is_read, is_starred, is_archived, read_at, folder
FROM ems_inbox_entries WHERE abs(user_id % 8) = 7 ORDER BY message_id, user_id;
--> statement-breakpoint
DROP TABLE `ems_inbox_entries`;
--> statement-breakpoint
ALTER TABLE `new_inbox_entries` RENAME TO `ems_inbox_entries`;
--> statement-breakpoint
CREATE INDEX `ems_inbox_entries_shown` ON `ems_inbox_entries` (`user_id`,`account_id`,`elsewhere`,`is_read`,`sent_at`,`message_id`) WHERE is_archived = 0 AND hidden = 0;
--> statement-breakpoint
CREATE INDEX `ems_inbox_entries_folder` ON `ems_inbox_entries` (`user_id`,`account_id`,`folder`,`is_read`,`sent_at`,`message_id`) WHERE is_archived = 0 AND elsewhere = 1;
--> statement-breakpoint
CREATE INDEX `ems_inbox_entries_starred` ON `ems_inbox_entries` (`user_id`,`account_id`,`sent_at`,`message_id`) WHERE is_starred = 1;
--> statement-breakpoint
CREATE INDEX `ems_inbox_entries_archived` ON `ems_inbox_entries` (`user_id`,`account_id`,`sent_at`,`message_id`) WHERE is_archived = 1;
--> statement-breakpoint
-- Counts messages by folder and state: see src/ems/items/counts.ts. State 0 is not counted, since a message without an
-- entry has it too.
CREATE TRIGGER ems_inbox_entries_inserted AFTER INSERT ON ems_inbox_entries BEGIN
  INSERT INTO ems_inbox_counters (user_id, account_id, states)
  VALUES (NEW.user_id, NEW.account_id, iif(NEW.state > 0, json_object(NEW.folder || NEW.state, 1), '{}'))
  ON CONFLICT (account_id, user_id) DO UPDATE SET
    states = json_set(states, '$.' || NEW.folder || NEW.state,
      coalesce(states ->> ('$.' || NEW.folder || NEW.state), 0) + 1)
    WHERE NEW.state > 0;
END;
--> statement-breakpoint
CREATE TRIGGER ems_inbox_entries_updated AFTER UPDATE OF is_read, is_starred, is_archived, folder ON ems_inbox_entries
WHEN (OLD.state, OLD.folder) <> (NEW.state, NEW.folder) BEGIN
  UPDATE ems_inbox_counters SET states = json_set(states,
    '$.' || OLD.folder || OLD.state, coalesce(states ->> ('$.' || OLD.folder || OLD.state), 0) - (OLD.state > 0),
    '$.' || NEW.folder || NEW.state, coalesce(states ->> ('$.' || NEW.folder || NEW.state), 0) + (NEW.state > 0))
  WHERE account_id = NEW.account_id AND user_id = NEW.user_id;
END;
--> statement-breakpoint
CREATE TRIGGER ems_inbox_entries_deleted AFTER DELETE ON ems_inbox_entries WHEN OLD.state > 0 BEGIN
  UPDATE ems_inbox_counters SET states = json_set(states, '$.' || OLD.folder || OLD.state,
    coalesce(states ->> ('$.' || OLD.folder || OLD.state), 0) - 1)
  WHERE account_id = OLD.account_id AND user_id = OLD.user_id;
END;
--> statement-breakpoint
-- Only a user with dense ranges needs entries for late messages. Those from before the first range have them, or lie
-- outside it.
CREATE TRIGGER ems_inbox_stretches_inserted AFTER INSERT ON ems_inbox_stretches BEGIN
  UPDATE ems_inbox_counters SET late_seen = coalesce((
    SELECT max(seq) FROM ems_late_messages WHERE account_id = NEW.account_id), 0)
  WHERE account_id = NEW.account_id AND user_id = NEW.user_id AND late_seen IS NULL;
END;
--> statement-breakpoint
CREATE TABLE `new_events` (
	`id` integer PRIMARY KEY NOT NULL,
	`company_id` integer,
	`user_id` integer,
	`type` text NOT NULL,
	`thread_id` text,
	`message_id` text,
	`account_id` text,
	`cause` text,
	`created_at` integer NOT NULL
);
--> statement-breakpoint
INSERT INTO `new_events` (id, company_id, user_id, type, thread_id, message_id, account_id, cause, created_at)
SELECT id, company_id, user_id, type, thread_id, message_id, account_id, iif(type = 'inbox.updated', NULL, cause), created_at
FROM ems_events ORDER BY id;
--> statement-breakpoint
-- A client may have the id of a newer event, which was deleted.
INSERT INTO `new_events` (id, type, created_at)
SELECT seq, 'none', unixepoch() FROM sqlite_sequence
WHERE name = 'ems_events' AND seq > coalesce((SELECT max(id) FROM ems_events), 0);
--> statement-breakpoint
DROP TABLE `ems_events`;
--> statement-breakpoint
ALTER TABLE `new_events` RENAME TO `ems_events`;
--> statement-breakpoint
CREATE UNIQUE INDEX `ems_events_cause` ON `ems_events` (`cause`) WHERE cause IS NOT NULL;
--> statement-breakpoint
CREATE INDEX `ems_events_audience` ON `ems_events` (`company_id`,`user_id`,`id`);
--> statement-breakpoint
-- A new event gets the highest id plus one. Without the highest, an id would come twice, and clients that have it
-- would miss the second event.
CREATE TRIGGER ems_events_kept AFTER DELETE ON ems_events
WHEN NOT EXISTS (SELECT 1 FROM ems_events WHERE id > OLD.id) BEGIN
  INSERT INTO ems_events (id, type, created_at) VALUES (OLD.id, 'none', OLD.created_at);
END;
--> statement-breakpoint
PRAGMA legacy_alter_table = OFF;
