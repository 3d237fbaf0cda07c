ALTER TABLE `ems_threads` ADD `merged_into` text;
--> statement-breakpoint
ALTER TABLE `ems_pending_references` ADD `base_subject` text;
--> statement-breakpoint
ALTER TABLE `ems_pending_references` ADD `has_ancestor` integer DEFAULT false NOT NULL;
--> statement-breakpoint
ALTER TABLE `ems_tombstones` ADD `internet_message_id` text;
--> statement-breakpoint
ALTER TABLE `ems_tombstones` ADD `thread_id` text;
--> statement-breakpoint
CREATE INDEX `ems_tombstones_internet` ON `ems_tombstones` (`account_id`,`internet_message_id`) WHERE internet_message_id IS NOT NULL;
--> statement-breakpoint
CREATE INDEX `ems_tombstones_thread` ON `ems_tombstones` (`thread_id`) WHERE thread_id IS NOT NULL;
--> statement-breakpoint
-- A thread becomes part of another as a whole: its counters are added up once, and each message is written once.
CREATE TRIGGER ems_threads_merged AFTER UPDATE OF merged_into ON ems_threads
WHEN NEW.merged_into IS NOT NULL AND NEW.merged_into <> NEW.id BEGIN
  UPDATE ems_threads SET
    merged_into = id,
    version = max(version, OLD.version) + 1,
    message_count = message_count + OLD.message_count,
    last_message_at = max(last_message_at, OLD.last_message_at),
    first_message_at = min(first_message_at, OLD.first_message_at),
    subject = CASE WHEN (OLD.first_message_at, OLD.subject) < (first_message_at, subject) THEN OLD.subject ELSE subject END,
    do_not_delete = max(do_not_delete, OLD.do_not_delete)
  WHERE id = NEW.merged_into;
  UPDATE ems_messages SET thread_id = NEW.merged_into WHERE thread_id = OLD.id;
  UPDATE ems_tombstones SET thread_id = NEW.merged_into WHERE thread_id = OLD.id;
  INSERT INTO ems_events (company_id, type, thread_id, cause, created_at)
  VALUES (OLD.company_id, 'thread.updated', NEW.merged_into, 'thread.merged/' || OLD.id, unixepoch());
  DELETE FROM ems_threads WHERE id = OLD.id;
END;
--> statement-breakpoint
-- Once all are in it: nobody has seen the thread that it has become, whichever of them they know.
CREATE TRIGGER ems_threads_merging_done AFTER UPDATE OF merged_into ON ems_threads
WHEN OLD.merged_into = OLD.id AND NEW.merged_into IS NULL BEGIN
  UPDATE ems_messages SET thread_version = NEW.version WHERE thread_id = NEW.id;
END;
--> statement-breakpoint
-- A single message that goes to another thread: a sent reply whose notification came before our own commit, or a
-- bounce that has found its mail. What a version before writes message by message is added up here, too.
DROP TRIGGER ems_messages_moved;
--> statement-breakpoint
CREATE TRIGGER ems_messages_moved AFTER UPDATE OF thread_id ON ems_messages
WHEN OLD.thread_id <> NEW.thread_id
  AND NOT EXISTS (SELECT 1 FROM ems_threads WHERE id = OLD.thread_id AND merged_into IS NOT NULL) BEGIN
  UPDATE ems_threads SET
    version = max(version, (SELECT version FROM ems_threads WHERE id = OLD.thread_id)) + 1,
    message_count = message_count + 1,
    last_message_at = max(last_message_at, NEW.sent_at),
    first_message_at = min(first_message_at, NEW.sent_at),
    subject = CASE WHEN (NEW.sent_at, NEW.subject) < (first_message_at, subject) THEN NEW.subject ELSE subject END
  WHERE id = NEW.thread_id;
  UPDATE ems_messages SET thread_version = (SELECT version FROM ems_threads WHERE id = NEW.thread_id)
  WHERE id = NEW.id;
  UPDATE ems_threads SET
    message_count = message_count - 1,
    last_message_at = coalesce((SELECT max(sent_at) FROM ems_messages WHERE thread_id = OLD.thread_id), last_message_at)
  WHERE id = OLD.thread_id;
  UPDATE ems_threads SET do_not_delete = 1
  WHERE id = NEW.thread_id AND EXISTS (SELECT 1 FROM ems_threads WHERE id = OLD.thread_id AND do_not_delete = 1);
  DELETE FROM ems_threads WHERE id = OLD.thread_id AND message_count = 0;
  -- Of an old thread that is no more, all in the new one is unseen. While it is there, no message is looked at.
  UPDATE ems_messages SET thread_version = (SELECT version FROM ems_threads WHERE id = NEW.thread_id)
  WHERE thread_id = (SELECT NEW.thread_id WHERE NOT EXISTS (SELECT 1 FROM ems_threads WHERE id = OLD.thread_id));
  UPDATE ems_tombstones SET thread_id = NEW.thread_id
  WHERE thread_id = (SELECT OLD.thread_id WHERE NOT EXISTS (SELECT 1 FROM ems_threads WHERE id = OLD.thread_id));
  INSERT INTO ems_events (company_id, type, thread_id, message_id, cause, created_at)
  SELECT NEW.company_id, 'thread.updated', NEW.thread_id, NEW.id, 'thread.merged/' || OLD.thread_id, unixepoch()
  WHERE NOT EXISTS (SELECT 1 FROM ems_threads WHERE id = OLD.thread_id);
END;
