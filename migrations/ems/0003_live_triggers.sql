-- The thread's version counts what was written in it. A message carries the version that it made: its INSERT says so.
DROP TRIGGER ems_messages_inserted;
--> statement-breakpoint
CREATE TRIGGER ems_messages_inserted AFTER INSERT ON ems_messages BEGIN
  UPDATE ems_accounts SET
    message_count = message_count + 1,
    last_sync_at = iif(last_sync_at IS NULL, NULL, unixepoch())
  WHERE id = NEW.account_id;
  UPDATE ems_threads SET
    version = version + 1,
    message_count = message_count + 1,
    last_message_at = max(last_message_at, NEW.sent_at),
    first_message_at = min(first_message_at, NEW.sent_at),
    subject = CASE WHEN (NEW.sent_at, NEW.subject) < (first_message_at, subject) THEN NEW.subject ELSE subject END
  WHERE id = NEW.thread_id;
END;
--> statement-breakpoint
DROP TRIGGER ems_messages_moved;
--> statement-breakpoint
CREATE TRIGGER ems_messages_moved AFTER UPDATE OF thread_id ON ems_messages WHEN OLD.thread_id <> NEW.thread_id BEGIN
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
  -- Two threads have become one, which nobody has seen yet, whichever of the two they know.
  UPDATE ems_messages SET thread_version = (SELECT version FROM ems_threads WHERE id = NEW.thread_id)
  WHERE thread_id = NEW.thread_id AND NOT EXISTS (SELECT 1 FROM ems_threads WHERE id = OLD.thread_id);
  INSERT INTO ems_events (company_id, type, thread_id, message_id, cause, created_at)
  SELECT NEW.company_id, 'thread.updated', NEW.thread_id, NEW.id, 'thread.merged/' || OLD.thread_id, unixepoch()
  WHERE NOT EXISTS (SELECT 1 FROM ems_threads WHERE id = OLD.thread_id);
END;
--> statement-breakpoint
-- However a thread ends (its last message deleted, or moved into another), whoever shows it is told.
DROP TRIGGER ems_threads_deleted;
--> statement-breakpoint
CREATE TRIGGER ems_threads_deleted AFTER DELETE ON ems_threads BEGIN
  UPDATE ems_accounts SET thread_count = thread_count - 1 WHERE id = OLD.account_id;
  INSERT INTO ems_events (company_id, type, thread_id, cause, created_at)
  VALUES (OLD.company_id, 'thread.deleted', OLD.id, 'thread.deleted/' || OLD.id, unixepoch());
END;
