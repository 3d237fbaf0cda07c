-- Counters of threads, accounts and users. Lists take their totals from here, never from COUNT(*).

CREATE TRIGGER ems_threads_inserted AFTER INSERT ON ems_threads BEGIN
  UPDATE ems_accounts SET thread_count = thread_count + 1 WHERE id = NEW.account_id;
END;
--> statement-breakpoint
CREATE TRIGGER ems_threads_deleted AFTER DELETE ON ems_threads BEGIN
  UPDATE ems_accounts SET thread_count = thread_count - 1 WHERE id = OLD.account_id;
END;
--> statement-breakpoint
CREATE TRIGGER ems_messages_inserted AFTER INSERT ON ems_messages BEGIN
  UPDATE ems_accounts SET
    message_count = message_count + 1,
    last_sync_at = iif(last_sync_at IS NULL, NULL, unixepoch())
  WHERE id = NEW.account_id;
  UPDATE ems_threads SET
    message_count = message_count + 1,
    last_message_at = max(last_message_at, NEW.sent_at),
    first_message_at = min(first_message_at, NEW.sent_at),
    subject = CASE WHEN (NEW.sent_at, NEW.subject) < (first_message_at, subject) THEN NEW.subject ELSE subject END
  WHERE id = NEW.thread_id;
END;
--> statement-breakpoint
-- A sent reply whose webhook came before our own commit was first filed under the provider's thread.
CREATE TRIGGER ems_messages_moved AFTER UPDATE OF thread_id ON ems_messages WHEN OLD.thread_id <> NEW.thread_id BEGIN
  UPDATE ems_threads SET
    message_count = message_count + 1,
    last_message_at = max(last_message_at, NEW.sent_at),
    first_message_at = min(first_message_at, NEW.sent_at),
    subject = CASE WHEN (NEW.sent_at, NEW.subject) < (first_message_at, subject) THEN NEW.subject ELSE subject END
  WHERE id = NEW.thread_id;
  UPDATE ems_threads SET
    message_count = message_count - 1,
    last_message_at = coalesce((SELECT max(sent_at) FROM ems_messages WHERE thread_id = OLD.thread_id), last_message_at)
  WHERE id = OLD.thread_id;
  UPDATE ems_threads SET do_not_delete = 1
  WHERE id = NEW.thread_id AND EXISTS (SELECT 1 FROM ems_threads WHERE id = OLD.thread_id AND do_not_delete = 1);
  DELETE FROM ems_threads WHERE id = OLD.thread_id AND message_count = 0;
END;
--> statement-breakpoint
CREATE TRIGGER ems_messages_deleted AFTER DELETE ON ems_messages BEGIN
  UPDATE ems_accounts SET message_count = message_count - 1 WHERE id = OLD.account_id;
  UPDATE ems_threads SET
    message_count = message_count - 1,
    last_message_at = coalesce((SELECT max(sent_at) FROM ems_messages WHERE thread_id = OLD.thread_id), last_message_at)
  WHERE id = OLD.thread_id;
  DELETE FROM ems_threads WHERE id = OLD.thread_id AND message_count = 0;
  DELETE FROM ems_attachments WHERE message_id = OLD.id;
  DELETE FROM ems_inbox_entries WHERE message_id = OLD.id;
END;
--> statement-breakpoint
CREATE TRIGGER ems_inbox_entries_deleted AFTER DELETE ON ems_inbox_entries BEGIN
  UPDATE ems_inbox_counters SET
    read_count = read_count - (OLD.is_read AND NOT OLD.is_archived),
    archived_count = archived_count - OLD.is_archived
  WHERE user_id = OLD.user_id AND account_id = OLD.account_id;
END;
--> statement-breakpoint
CREATE TRIGGER ems_messages_renamed AFTER UPDATE OF subject ON ems_messages WHEN OLD.subject <> NEW.subject BEGIN
  UPDATE ems_threads SET subject = NEW.subject
  WHERE id = NEW.thread_id AND first_message_at = NEW.sent_at AND subject = OLD.subject;
END;
--> statement-breakpoint
CREATE TRIGGER ems_inbox_entries_inserted AFTER INSERT ON ems_inbox_entries BEGIN
  INSERT INTO ems_inbox_counters (user_id, account_id, read_count, archived_count)
  VALUES (NEW.user_id, NEW.account_id, NEW.is_read AND NOT NEW.is_archived, NEW.is_archived)
  ON CONFLICT (user_id, account_id) DO UPDATE SET
    read_count = read_count + excluded.read_count,
    archived_count = archived_count + excluded.archived_count;
END;
--> statement-breakpoint
CREATE TRIGGER ems_inbox_entries_updated AFTER UPDATE OF is_read, is_archived ON ems_inbox_entries
WHEN OLD.is_read <> NEW.is_read OR OLD.is_archived <> NEW.is_archived BEGIN
  UPDATE ems_inbox_counters SET
    read_count = read_count + (NEW.is_read AND NOT NEW.is_archived) - (OLD.is_read AND NOT OLD.is_archived),
    archived_count = archived_count + NEW.is_archived - OLD.is_archived
  WHERE user_id = NEW.user_id AND account_id = NEW.account_id;
END;
--> statement-breakpoint
-- Nobody has an entry for a message that has just come. Nearly always it is newer, or in a backfill older, than
-- every stretch of its account, which the two look-ups in the condition find out with a row each.
CREATE TRIGGER ems_messages_late AFTER INSERT ON ems_messages
WHEN EXISTS (SELECT 1 FROM ems_inbox_stretches WHERE account_id = NEW.account_id AND newest_at >= NEW.sent_at)
  AND EXISTS (SELECT 1 FROM ems_inbox_stretches WHERE account_id = NEW.account_id AND oldest_at <= NEW.sent_at) BEGIN
  -- The lower part: no message lies between an id and itself without its last digit, but some that are lower.
  INSERT INTO ems_inbox_stretches
  SELECT user_id, account_id, NEW.sent_at, substr(NEW.id, 1, 35), oldest_at, oldest_id FROM ems_inbox_stretches
  WHERE account_id = NEW.account_id AND newest_at >= NEW.sent_at
    AND (newest_at, newest_id) > (NEW.sent_at, NEW.id) AND (oldest_at, oldest_id) < (NEW.sent_at, NEW.id);
  UPDATE ems_inbox_stretches SET oldest_at = NEW.sent_at, oldest_id = NEW.id || '~'
  WHERE account_id = NEW.account_id AND newest_at >= NEW.sent_at
    AND (newest_at, newest_id) > (NEW.sent_at, NEW.id) AND (oldest_at, oldest_id) < (NEW.sent_at, NEW.id);
END;
