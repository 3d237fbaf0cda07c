-- Objects of R2 that no row refers to, or not yet, and when they are to be deleted. Whoever writes an object first
-- announces it here, with a day's time; the triggers below take it out once a row refers to it, and put it in again
-- when none does any more. So no crash leaves an object that nobody knows of. A key is never used for a second object.
CREATE TABLE `ems_garbage` (
	`key` text PRIMARY KEY NOT NULL,
	`due_at` integer NOT NULL
);
--> statement-breakpoint
CREATE INDEX `ems_garbage_due` ON `ems_garbage` (`due_at`);
--> statement-breakpoint
CREATE TABLE `ems_outbox_files` (
	`key` text NOT NULL,
	`outbox_id` text NOT NULL,
	PRIMARY KEY(`key`, `outbox_id`)
);
--> statement-breakpoint
CREATE INDEX `ems_outbox_files_entry` ON `ems_outbox_files` (`outbox_id`);
--> statement-breakpoint
CREATE TABLE `ems_erasures` (
	`company_id` integer NOT NULL,
	`account_id` text NOT NULL,
	`grant_id` text,
	`started_at` integer NOT NULL,
	`due_at` integer NOT NULL,
	`events_until` integer DEFAULT 0 NOT NULL,
	PRIMARY KEY(`company_id`, `account_id`)
);
--> statement-breakpoint
CREATE INDEX `ems_erasures_due` ON `ems_erasures` (`due_at`);
--> statement-breakpoint
CREATE TRIGGER ems_messages_body_kept AFTER INSERT ON ems_messages WHEN NEW.body_key IS NOT NULL BEGIN
  DELETE FROM ems_garbage WHERE key = NEW.body_key;
END;
--> statement-breakpoint
-- Whoever has just read the row may still want the body.
CREATE TRIGGER ems_messages_body_replaced AFTER UPDATE OF body_key ON ems_messages
WHEN OLD.body_key IS NOT NEW.body_key BEGIN
  DELETE FROM ems_garbage WHERE key = NEW.body_key;
  INSERT INTO ems_garbage (key, due_at) SELECT OLD.body_key, unixepoch() + 3600 WHERE OLD.body_key IS NOT NULL
  ON CONFLICT (key) DO UPDATE SET due_at = excluded.due_at;
END;
--> statement-breakpoint
CREATE TRIGGER ems_messages_garbage AFTER DELETE ON ems_messages BEGIN
  INSERT INTO ems_garbage (key, due_at) SELECT OLD.body_key, unixepoch() WHERE OLD.body_key IS NOT NULL
  ON CONFLICT (key) DO UPDATE SET due_at = excluded.due_at;
  DELETE FROM ems_pending_references WHERE message_id = OLD.id;
  DELETE FROM ems_late_messages WHERE message_id = OLD.id;
END;
--> statement-breakpoint
-- A download that is under way may still write an object that is not there yet.
CREATE TRIGGER ems_attachments_garbage AFTER DELETE ON ems_attachments BEGIN
  INSERT INTO ems_garbage (key, due_at)
  VALUES ('attachments/' || OLD.company_id || '/' || OLD.id, unixepoch() + iif(OLD.stored_at IS NULL, 3600, 0))
  ON CONFLICT (key) DO UPDATE SET due_at = excluded.due_at;
END;
--> statement-breakpoint
CREATE TRIGGER ems_outbox_mail_kept AFTER INSERT ON ems_outbox WHEN NEW.mail_key IS NOT NULL BEGIN
  DELETE FROM ems_garbage WHERE key = NEW.mail_key;
END;
--> statement-breakpoint
CREATE TRIGGER ems_outbox_mail_replaced AFTER UPDATE OF mail_key ON ems_outbox
WHEN OLD.mail_key IS NOT NULL AND OLD.mail_key IS NOT NEW.mail_key BEGIN
  INSERT INTO ems_garbage (key, due_at) VALUES (OLD.mail_key, unixepoch())
  ON CONFLICT (key) DO UPDATE SET due_at = excluded.due_at;
END;
--> statement-breakpoint
CREATE TRIGGER ems_outbox_files_released AFTER UPDATE OF state ON ems_outbox WHEN NEW.state IN ('sent', 'cancelled') BEGIN
  DELETE FROM ems_outbox_files WHERE outbox_id = NEW.id;
END;
--> statement-breakpoint
CREATE TRIGGER ems_outbox_garbage AFTER DELETE ON ems_outbox BEGIN
  INSERT INTO ems_garbage (key, due_at) SELECT OLD.mail_key, unixepoch() WHERE OLD.mail_key IS NOT NULL
  ON CONFLICT (key) DO UPDATE SET due_at = excluded.due_at;
  DELETE FROM ems_outbox_files WHERE outbox_id = OLD.id;
END;
--> statement-breakpoint
CREATE TRIGGER ems_drafts_content_kept AFTER INSERT ON ems_drafts WHEN NEW.content_key IS NOT NULL BEGIN
  DELETE FROM ems_garbage WHERE key = NEW.content_key;
END;
--> statement-breakpoint
CREATE TRIGGER ems_drafts_content_replaced AFTER UPDATE OF content_key ON ems_drafts
WHEN OLD.content_key IS NOT NEW.content_key BEGIN
  DELETE FROM ems_garbage WHERE key = NEW.content_key;
  INSERT INTO ems_garbage (key, due_at) SELECT OLD.content_key, unixepoch() WHERE OLD.content_key IS NOT NULL
  ON CONFLICT (key) DO UPDATE SET due_at = excluded.due_at;
END;
--> statement-breakpoint
CREATE TRIGGER ems_drafts_garbage AFTER DELETE ON ems_drafts WHEN OLD.content_key IS NOT NULL BEGIN
  INSERT INTO ems_garbage (key, due_at) VALUES (OLD.content_key, unixepoch())
  ON CONFLICT (key) DO UPDATE SET due_at = excluded.due_at;
END;
--> statement-breakpoint
CREATE TRIGGER ems_uploads_kept AFTER INSERT ON ems_uploads BEGIN
  DELETE FROM ems_garbage WHERE key = 'uploads/' || NEW.company_id || '/' || NEW.id;
END;
--> statement-breakpoint
CREATE TRIGGER ems_uploads_garbage AFTER DELETE ON ems_uploads BEGIN
  INSERT INTO ems_garbage (key, due_at) VALUES ('uploads/' || OLD.company_id || '/' || OLD.id, unixepoch())
  ON CONFLICT (key) DO UPDATE SET due_at = excluded.due_at;
END;
--> statement-breakpoint
CREATE TRIGGER ems_idempotency_keys_replaced AFTER UPDATE OF body_key ON ems_idempotency_keys
WHEN OLD.body_key IS NOT NULL AND OLD.body_key IS NOT NEW.body_key BEGIN
  INSERT INTO ems_garbage (key, due_at) VALUES (OLD.body_key, unixepoch() + 3600)
  ON CONFLICT (key) DO UPDATE SET due_at = excluded.due_at;
END;
--> statement-breakpoint
-- An answer that is not complete may still be on its way to R2.
CREATE TRIGGER ems_idempotency_keys_garbage AFTER DELETE ON ems_idempotency_keys WHEN OLD.body_key IS NOT NULL BEGIN
  INSERT INTO ems_garbage (key, due_at) VALUES (OLD.body_key, unixepoch() + iif(OLD.status IS NULL, 3600, 0))
  ON CONFLICT (key) DO UPDATE SET due_at = excluded.due_at;
END;
--> statement-breakpoint
-- Late messages that everybody has seen are deleted: AUTOINCREMENT keeps their numbers from being given again.
CREATE TABLE `ems_late_messages_copy` AS SELECT `seq`, `account_id`, `message_id` FROM `ems_late_messages`
WHERE message_id IN (SELECT id FROM ems_messages);
--> statement-breakpoint
DROP TABLE `ems_late_messages`;
--> statement-breakpoint
CREATE TABLE `ems_late_messages` (
	`seq` integer PRIMARY KEY AUTOINCREMENT NOT NULL,
	`account_id` text NOT NULL,
	`message_id` text NOT NULL
);
--> statement-breakpoint
INSERT INTO `ems_late_messages` SELECT max(late_seen), '', '' FROM `ems_inbox_counters` HAVING max(late_seen) > 0;
--> statement-breakpoint
DELETE FROM `ems_late_messages`;
--> statement-breakpoint
INSERT INTO `ems_late_messages` SELECT `seq`, `account_id`, `message_id` FROM `ems_late_messages_copy`;
--> statement-breakpoint
DROP TABLE `ems_late_messages_copy`;
--> statement-breakpoint
CREATE INDEX `ems_late_messages_account` ON `ems_late_messages` (`account_id`,`seq`);
--> statement-breakpoint
CREATE INDEX `ems_late_messages_message` ON `ems_late_messages` (`message_id`);
--> statement-breakpoint
CREATE INDEX `ems_inbox_counters_account` ON `ems_inbox_counters` (`account_id`,`late_seen`);
--> statement-breakpoint
-- Of more than 500 late messages nobody catches up (inbox/late.ts), so no more have to be kept. Now and then suffices.
CREATE TRIGGER ems_late_messages_capped AFTER INSERT ON ems_late_messages WHEN NEW.seq % 256 = 0 BEGIN
  DELETE FROM ems_late_messages WHERE account_id = NEW.account_id AND seq < (
    SELECT seq FROM ems_late_messages WHERE account_id = NEW.account_id ORDER BY seq DESC LIMIT 1 OFFSET 600);
END;
--> statement-breakpoint
-- Without a rowid the table is its primary key alone: with the index by message a row costs what it did before.
CREATE TABLE `ems_pending_references_copy` AS SELECT `account_id`, `internet_message_id`, `message_id`
FROM `ems_pending_references` WHERE message_id IN (SELECT id FROM ems_messages);
--> statement-breakpoint
DROP TABLE `ems_pending_references`;
--> statement-breakpoint
CREATE TABLE `ems_pending_references` (
	`account_id` text NOT NULL,
	`internet_message_id` text NOT NULL,
	`message_id` text NOT NULL,
	PRIMARY KEY(`account_id`, `internet_message_id`, `message_id`)
) WITHOUT ROWID;
--> statement-breakpoint
INSERT INTO `ems_pending_references` SELECT `account_id`, `internet_message_id`, `message_id`
FROM `ems_pending_references_copy`;
--> statement-breakpoint
DROP TABLE `ems_pending_references_copy`;
--> statement-breakpoint
CREATE INDEX `ems_pending_references_message` ON `ems_pending_references` (`message_id`);
--> statement-breakpoint
CREATE INDEX `ems_outbox_account` ON `ems_outbox` (`company_id`,`account_id`);
--> statement-breakpoint
CREATE INDEX `ems_uploads_company` ON `ems_uploads` (`company_id`);
--> statement-breakpoint
-- Of a draft there is at most one mail of which it is not known that it was not sent.
ALTER TABLE `ems_outbox` ADD `draft_id` text;
--> statement-breakpoint
ALTER TABLE `ems_outbox` ADD `draft_version` integer;
--> statement-breakpoint
CREATE UNIQUE INDEX `ems_outbox_draft` ON `ems_outbox` (`draft_id`) WHERE draft_id IS NOT NULL;
--> statement-breakpoint
UPDATE OR IGNORE ems_outbox SET draft_id = substr(idempotency_key, 7, 36),
  draft_version = CAST(substr(idempotency_key, 44) AS INTEGER)
WHERE idempotency_key LIKE 'draft %' AND state NOT IN ('failed', 'cancelled');
--> statement-breakpoint
-- A claim was a negative version.
ALTER TABLE `ems_drafts` ADD `claim` text;
--> statement-breakpoint
ALTER TABLE `ems_drafts` ADD `claimed_until` integer;
--> statement-breakpoint
UPDATE ems_drafts SET version = -version, claim = 'unknown', claimed_until = updated_at + 600 WHERE version < 0;
--> statement-breakpoint
-- Those whose mail is the outbox's: the Worker that sent them died before it could delete them.
DELETE FROM ems_drafts WHERE id IN (
  SELECT o.draft_id FROM ems_outbox o JOIN ems_drafts d ON d.id = o.draft_id AND d.version = o.draft_version
  WHERE o.state IN ('queued', 'sent'));
