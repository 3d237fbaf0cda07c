-- What lies in junk, trash and drafts is hidden: it counts apart from what lists and inboxes show.
DROP TRIGGER ems_messages_inserted;
--> statement-breakpoint
CREATE TRIGGER ems_messages_inserted AFTER INSERT ON ems_messages BEGIN
  UPDATE ems_accounts SET
    message_count = message_count + NOT NEW.hidden,
    hidden_message_count = hidden_message_count + NEW.hidden,
    last_sync_at = iif(last_sync_at IS NULL, NULL, unixepoch())
  WHERE id = NEW.account_id;
  UPDATE ems_threads SET
    version = version + NOT NEW.hidden,
    message_count = message_count + NOT NEW.hidden,
    hidden_count = hidden_count + NEW.hidden,
    last_message_at = CASE
      WHEN NEW.hidden = (message_count = 0) THEN max(last_message_at, NEW.sent_at)
      WHEN NEW.hidden THEN last_message_at
      ELSE NEW.sent_at END,
    first_message_at = min(first_message_at, NEW.sent_at),
    subject = CASE WHEN (NEW.sent_at, NEW.subject) < (first_message_at, subject) THEN NEW.subject ELSE subject END
  WHERE id = NEW.thread_id;
  INSERT INTO ems_folder_counters (account_id, folder, message_count) VALUES (NEW.account_id, NEW.folder, 1)
  ON CONFLICT (account_id, folder) DO UPDATE SET message_count = message_count + 1;
  -- One of the two: a mail that comes late need not write the index by time.
  INSERT INTO ems_thread_folders
  SELECT id, NEW.folder, account_id, 1, NEW.sent_at FROM ems_threads WHERE id = NEW.thread_id
  ON CONFLICT (thread_id, folder) DO UPDATE SET message_count = message_count + 1
    WHERE last_message_at >= excluded.last_message_at;
  UPDATE ems_thread_folders SET message_count = message_count + 1, last_message_at = NEW.sent_at
  WHERE thread_id = NEW.thread_id AND folder = NEW.folder AND last_message_at < NEW.sent_at;
END;
--> statement-breakpoint
-- Threads become one: all get the id of the one that stays, and the version that this will have. Of each other one the
-- counters are added up once, and each message is written once. (That its version changes, too, tells
-- ems_messages_moved to keep out.)
CREATE TRIGGER ems_threads_merged AFTER UPDATE OF merged_into ON ems_threads WHEN NEW.merged_into <> NEW.id BEGIN
  UPDATE ems_threads SET
    message_count = message_count + OLD.message_count,
    hidden_count = hidden_count + OLD.hidden_count,
    last_message_at = CASE
      WHEN (OLD.message_count = 0) = (message_count = 0) THEN max(last_message_at, OLD.last_message_at)
      WHEN OLD.message_count = 0 THEN last_message_at
      ELSE OLD.last_message_at END,
    first_message_at = min(first_message_at, OLD.first_message_at),
    subject = CASE WHEN (OLD.first_message_at, OLD.subject) < (first_message_at, subject) THEN OLD.subject ELSE subject END,
    do_not_delete = max(do_not_delete, OLD.do_not_delete)
  WHERE id = NEW.merged_into;
  INSERT INTO ems_thread_folders
  SELECT NEW.merged_into, folder, account_id, message_count, last_message_at FROM ems_thread_folders
  WHERE thread_id = OLD.id
  ON CONFLICT (thread_id, folder) DO UPDATE SET
    message_count = message_count + excluded.message_count,
    last_message_at = max(last_message_at, excluded.last_message_at);
  DELETE FROM ems_thread_folders WHERE thread_id = OLD.id;
  UPDATE ems_messages SET thread_id = NEW.merged_into, thread_version = NEW.version WHERE thread_id = OLD.id;
  UPDATE ems_tombstones SET thread_id = NEW.merged_into WHERE thread_id = OLD.id;
  DELETE FROM ems_threads WHERE id = OLD.id;
END;
--> statement-breakpoint
-- The one that stays: nobody has seen the thread that it becomes, whichever of them they know.
CREATE TRIGGER ems_threads_grown AFTER UPDATE OF merged_into ON ems_threads WHEN NEW.merged_into = NEW.id BEGIN
  UPDATE ems_threads SET merged_into = NULL WHERE id = NEW.id;
  UPDATE ems_messages SET thread_version = NEW.version WHERE thread_id = NEW.id;
  INSERT INTO ems_events (company_id, type, thread_id, cause, created_at)
  VALUES (NEW.company_id, 'thread.updated', NEW.id, 'thread.merged/' || NEW.id || '/' || hex(randomblob(8)), unixepoch());
END;
--> statement-breakpoint
-- A single message that goes to another thread: a sent reply whose notification came before our own commit, or a
-- bounce that has found its mail. (Its folder may have changed with it: the old thread loses what lay in the old one.)
DROP TRIGGER ems_messages_moved;
--> statement-breakpoint
CREATE TRIGGER ems_messages_moved AFTER UPDATE OF thread_id ON ems_messages
WHEN OLD.thread_id <> NEW.thread_id AND OLD.thread_version = NEW.thread_version BEGIN
  UPDATE ems_threads SET
    version = max(version, (SELECT version FROM ems_threads WHERE id = OLD.thread_id)) + 1,
    message_count = message_count + NOT NEW.hidden,
    hidden_count = hidden_count + NEW.hidden,
    last_message_at = CASE
      WHEN NEW.hidden = (message_count = 0) THEN max(last_message_at, NEW.sent_at)
      WHEN NEW.hidden THEN last_message_at
      ELSE NEW.sent_at END,
    first_message_at = min(first_message_at, NEW.sent_at),
    subject = CASE WHEN (NEW.sent_at, NEW.subject) < (first_message_at, subject) THEN NEW.subject ELSE subject END
  WHERE id = NEW.thread_id;
  INSERT INTO ems_thread_folders
  SELECT id, NEW.folder, account_id, 1, NEW.sent_at FROM ems_threads WHERE id = NEW.thread_id
  ON CONFLICT (thread_id, folder) DO UPDATE SET
    message_count = message_count + 1, last_message_at = max(last_message_at, excluded.last_message_at);
  UPDATE ems_messages SET thread_version = (SELECT version FROM ems_threads WHERE id = NEW.thread_id)
  WHERE id = NEW.id;
  UPDATE ems_threads SET
    message_count = message_count - NOT OLD.hidden,
    hidden_count = hidden_count - OLD.hidden,
    last_message_at = coalesce(
      (SELECT max(sent_at) FROM ems_messages WHERE thread_id = OLD.thread_id AND hidden = 0),
      (SELECT max(sent_at) FROM ems_messages WHERE thread_id = OLD.thread_id AND hidden = 1), last_message_at)
  WHERE id = OLD.thread_id;
  UPDATE ems_thread_folders SET
    message_count = message_count - 1,
    last_message_at = coalesce((
      SELECT max(sent_at) FROM ems_messages
      WHERE thread_id = OLD.thread_id AND hidden = OLD.hidden AND folder = OLD.folder), last_message_at)
  WHERE thread_id = OLD.thread_id AND folder = OLD.folder;
  DELETE FROM ems_thread_folders WHERE thread_id = OLD.thread_id AND folder = OLD.folder AND message_count = 0;
  UPDATE ems_threads SET do_not_delete = 1
  WHERE id = NEW.thread_id AND EXISTS (SELECT 1 FROM ems_threads WHERE id = OLD.thread_id AND do_not_delete = 1);
  DELETE FROM ems_threads WHERE id = OLD.thread_id AND message_count = 0 AND hidden_count = 0;
  -- Of an old thread that is no more, all in the new one is unseen. While it is there, no message is looked at.
  UPDATE ems_messages SET thread_version = (SELECT version FROM ems_threads WHERE id = NEW.thread_id)
  WHERE thread_id = (SELECT NEW.thread_id WHERE NOT EXISTS (SELECT 1 FROM ems_threads WHERE id = OLD.thread_id));
  UPDATE ems_tombstones SET thread_id = NEW.thread_id
  WHERE thread_id = (SELECT OLD.thread_id WHERE NOT EXISTS (SELECT 1 FROM ems_threads WHERE id = OLD.thread_id));
  -- A thread can come back under its id (a mail that was only moved), so that its id alone tells no two ends apart.
  INSERT INTO ems_events (company_id, type, thread_id, message_id, cause, created_at)
  SELECT NEW.company_id, 'thread.updated', NEW.thread_id, NEW.id,
    'thread.merged/' || OLD.thread_id || '/' || hex(randomblob(8)), unixepoch()
  WHERE NOT EXISTS (SELECT 1 FROM ems_threads WHERE id = OLD.thread_id);
END;
--> statement-breakpoint
DROP TRIGGER ems_messages_deleted;
--> statement-breakpoint
CREATE TRIGGER ems_messages_deleted AFTER DELETE ON ems_messages BEGIN
  UPDATE ems_accounts SET
    message_count = message_count - NOT OLD.hidden,
    hidden_message_count = hidden_message_count - OLD.hidden
  WHERE id = OLD.account_id;
  UPDATE ems_folder_counters SET message_count = message_count - 1
  WHERE account_id = OLD.account_id AND folder = OLD.folder;
  UPDATE ems_threads SET
    message_count = message_count - NOT OLD.hidden,
    hidden_count = hidden_count - OLD.hidden,
    last_message_at = coalesce(
      (SELECT max(sent_at) FROM ems_messages WHERE thread_id = OLD.thread_id AND hidden = 0),
      (SELECT max(sent_at) FROM ems_messages WHERE thread_id = OLD.thread_id AND hidden = 1), last_message_at)
  WHERE id = OLD.thread_id;
  UPDATE ems_thread_folders SET
    message_count = message_count - 1,
    last_message_at = coalesce((
      SELECT max(sent_at) FROM ems_messages
      WHERE thread_id = OLD.thread_id AND hidden = OLD.hidden AND folder = OLD.folder), last_message_at)
  WHERE thread_id = OLD.thread_id AND folder = OLD.folder;
  DELETE FROM ems_thread_folders WHERE thread_id = OLD.thread_id AND folder = OLD.folder AND message_count = 0;
  DELETE FROM ems_threads WHERE id = OLD.thread_id AND message_count = 0 AND hidden_count = 0;
  DELETE FROM ems_attachments WHERE message_id = OLD.id;
  DELETE FROM ems_inbox_entries WHERE message_id = OLD.id;
END;
--> statement-breakpoint
-- The message lies elsewhere. Whoever has touched it finds their state of it there.
CREATE TRIGGER ems_messages_refiled AFTER UPDATE OF folder ON ems_messages WHEN OLD.folder <> NEW.folder BEGIN
  UPDATE ems_folder_counters SET message_count = message_count - 1
  WHERE account_id = OLD.account_id AND folder = OLD.folder;
  INSERT INTO ems_folder_counters (account_id, folder, message_count) VALUES (NEW.account_id, NEW.folder, 1)
  ON CONFLICT (account_id, folder) DO UPDATE SET message_count = message_count + 1;
  UPDATE ems_inbox_entries SET folder = NEW.folder WHERE message_id = NEW.id;
  -- With another thread it is ems_messages_moved that moves it.
  INSERT INTO ems_thread_folders
  SELECT id, NEW.folder, account_id, 1, NEW.sent_at FROM ems_threads
  WHERE id = NEW.thread_id AND OLD.thread_id = NEW.thread_id
  ON CONFLICT (thread_id, folder) DO UPDATE SET
    message_count = message_count + 1, last_message_at = max(last_message_at, excluded.last_message_at);
  UPDATE ems_thread_folders SET
    message_count = message_count - 1,
    last_message_at = coalesce((
      SELECT max(sent_at) FROM ems_messages
      WHERE thread_id = OLD.thread_id AND hidden = OLD.hidden AND folder = OLD.folder), last_message_at)
  WHERE thread_id = OLD.thread_id AND folder = OLD.folder AND OLD.thread_id = NEW.thread_id;
  DELETE FROM ems_thread_folders WHERE thread_id = OLD.thread_id AND folder = OLD.folder AND message_count = 0;
END;
--> statement-breakpoint
-- The message goes out of what is shown, or comes back: then it is new to those who have read around it meanwhile.
CREATE TRIGGER ems_messages_shown AFTER UPDATE OF folder ON ems_messages WHEN OLD.hidden <> NEW.hidden BEGIN
  UPDATE ems_accounts SET
    message_count = message_count + OLD.hidden - NEW.hidden,
    hidden_message_count = hidden_message_count - OLD.hidden + NEW.hidden
  WHERE id = NEW.account_id;
  UPDATE ems_threads SET
    version = version + NOT NEW.hidden,
    message_count = message_count + OLD.hidden - NEW.hidden,
    hidden_count = hidden_count - OLD.hidden + NEW.hidden,
    last_message_at = coalesce(
      (SELECT max(sent_at) FROM ems_messages WHERE thread_id = NEW.thread_id AND hidden = 0),
      (SELECT max(sent_at) FROM ems_messages WHERE thread_id = NEW.thread_id AND hidden = 1), last_message_at)
  WHERE id = NEW.thread_id AND OLD.thread_id = NEW.thread_id;
  UPDATE ems_messages SET thread_version = (SELECT version FROM ems_threads WHERE id = NEW.thread_id)
  WHERE id = NEW.id AND hidden = 0 AND OLD.thread_id = NEW.thread_id;
  INSERT INTO ems_late_messages (account_id, message_id)
  SELECT NEW.account_id, NEW.id WHERE NEW.hidden = 0
    AND EXISTS (SELECT 1 FROM ems_inbox_stretches WHERE account_id = NEW.account_id AND newest_at >= NEW.sent_at)
    AND EXISTS (SELECT 1 FROM ems_inbox_stretches WHERE account_id = NEW.account_id AND oldest_at <= NEW.sent_at);
END;
--> statement-breakpoint
DROP TRIGGER ems_messages_late;
--> statement-breakpoint
CREATE TRIGGER ems_messages_late AFTER INSERT ON ems_messages
WHEN NEW.hidden = 0
  AND EXISTS (SELECT 1 FROM ems_inbox_stretches WHERE account_id = NEW.account_id AND newest_at >= NEW.sent_at)
  AND EXISTS (SELECT 1 FROM ems_inbox_stretches WHERE account_id = NEW.account_id AND oldest_at <= NEW.sent_at) BEGIN
  INSERT INTO ems_late_messages (account_id, message_id) VALUES (NEW.account_id, NEW.id);
END;
--> statement-breakpoint
-- A thread counts once it has a message, and as hidden while none of them is shown.
DROP TRIGGER ems_threads_inserted;
--> statement-breakpoint
CREATE TRIGGER ems_threads_counted AFTER UPDATE OF message_count, hidden_count ON ems_threads
WHEN (OLD.message_count > 0, OLD.message_count = 0 AND OLD.hidden_count > 0)
  <> (NEW.message_count > 0, NEW.message_count = 0 AND NEW.hidden_count > 0) BEGIN
  UPDATE ems_accounts SET
    thread_count = thread_count + (NEW.message_count > 0) - (OLD.message_count > 0),
    hidden_thread_count = hidden_thread_count + (NEW.message_count = 0 AND NEW.hidden_count > 0)
      - (OLD.message_count = 0 AND OLD.hidden_count > 0)
  WHERE id = NEW.account_id;
END;
--> statement-breakpoint
DROP TRIGGER ems_threads_deleted;
--> statement-breakpoint
CREATE TRIGGER ems_threads_deleted AFTER DELETE ON ems_threads BEGIN
  UPDATE ems_accounts SET
    thread_count = thread_count - (OLD.message_count > 0),
    hidden_thread_count = hidden_thread_count - (OLD.message_count = 0)
  WHERE id = OLD.account_id AND (OLD.message_count > 0 OR OLD.hidden_count > 0);
  INSERT INTO ems_events (company_id, type, thread_id, cause, created_at)
  VALUES (OLD.company_id, 'thread.deleted', OLD.id, 'thread.deleted/' || OLD.id || '/' || hex(randomblob(8)), unixepoch());
END;
--> statement-breakpoint
CREATE TRIGGER ems_thread_folders_inserted AFTER INSERT ON ems_thread_folders BEGIN
  INSERT INTO ems_folder_counters (account_id, folder, thread_count) VALUES (NEW.account_id, NEW.folder, 1)
  ON CONFLICT (account_id, folder) DO UPDATE SET thread_count = thread_count + 1;
END;
--> statement-breakpoint
CREATE TRIGGER ems_thread_folders_deleted AFTER DELETE ON ems_thread_folders BEGIN
  UPDATE ems_folder_counters SET thread_count = thread_count - 1
  WHERE account_id = OLD.account_id AND folder = OLD.folder;
END;
--> statement-breakpoint
-- The thread goes over to another account: see erasure-portions.ts.
CREATE TRIGGER ems_thread_folders_inherited AFTER UPDATE OF account_id ON ems_thread_folders
WHEN OLD.account_id <> NEW.account_id BEGIN
  UPDATE ems_folder_counters SET thread_count = thread_count - 1
  WHERE account_id = OLD.account_id AND folder = OLD.folder;
  INSERT INTO ems_folder_counters (account_id, folder, thread_count) VALUES (NEW.account_id, NEW.folder, 1)
  ON CONFLICT (account_id, folder) DO UPDATE SET thread_count = thread_count + 1;
END;
--> statement-breakpoint
DROP TRIGGER ems_inbox_entries_inserted;
--> statement-breakpoint
CREATE TRIGGER ems_inbox_entries_inserted AFTER INSERT ON ems_inbox_entries BEGIN
  INSERT INTO ems_inbox_counters (user_id, account_id, read_count, archived_count, late_seen)
  VALUES (NEW.user_id, NEW.account_id, NEW.is_read AND NOT NEW.is_archived AND NOT NEW.hidden,
    NEW.is_archived AND NOT NEW.hidden,
    coalesce((SELECT max(seq) FROM ems_late_messages WHERE account_id = NEW.account_id), 0))
  ON CONFLICT (user_id, account_id) DO UPDATE SET
    read_count = read_count + excluded.read_count,
    archived_count = archived_count + excluded.archived_count;
END;
--> statement-breakpoint
DROP TRIGGER ems_inbox_entries_updated;
--> statement-breakpoint
CREATE TRIGGER ems_inbox_entries_updated AFTER UPDATE OF is_read, is_archived, folder ON ems_inbox_entries
WHEN (OLD.is_read, OLD.is_archived, OLD.hidden) <> (NEW.is_read, NEW.is_archived, NEW.hidden) BEGIN
  UPDATE ems_inbox_counters SET
    read_count = read_count + (NEW.is_read AND NOT NEW.is_archived AND NOT NEW.hidden)
      - (OLD.is_read AND NOT OLD.is_archived AND NOT OLD.hidden),
    archived_count = archived_count + (NEW.is_archived AND NOT NEW.hidden) - (OLD.is_archived AND NOT OLD.hidden)
  WHERE user_id = NEW.user_id AND account_id = NEW.account_id;
END;
--> statement-breakpoint
DROP TRIGGER ems_inbox_entries_deleted;
--> statement-breakpoint
CREATE TRIGGER ems_inbox_entries_deleted AFTER DELETE ON ems_inbox_entries BEGIN
  UPDATE ems_inbox_counters SET
    read_count = read_count - (OLD.is_read AND NOT OLD.is_archived AND NOT OLD.hidden),
    archived_count = archived_count - (OLD.is_archived AND NOT OLD.hidden)
  WHERE user_id = OLD.user_id AND account_id = OLD.account_id;
END;
--> statement-breakpoint
-- The counters of a user's states of messages, but for the commonest: see src/ems/inbox/counts.ts.
CREATE TRIGGER ems_inbox_entries_filed AFTER INSERT ON ems_inbox_entries
WHEN NEW.is_starred OR NEW.is_archived OR (NEW.is_read AND NEW.folder <> 'inbox') BEGIN
  INSERT INTO ems_inbox_state_counters (user_id, account_id, folder, state, count)
  VALUES (NEW.user_id, NEW.account_id, NEW.folder, NEW.is_read + 2 * NEW.is_starred + 4 * NEW.is_archived, 1)
  ON CONFLICT (user_id, account_id, folder, state) DO UPDATE SET count = count + 1;
END;
--> statement-breakpoint
CREATE TRIGGER ems_inbox_entries_refiled AFTER UPDATE OF is_read, is_starred, is_archived, folder ON ems_inbox_entries
WHEN (OLD.is_read, OLD.is_starred, OLD.is_archived, OLD.folder) <> (NEW.is_read, NEW.is_starred, NEW.is_archived, NEW.folder)
BEGIN
  UPDATE ems_inbox_state_counters SET count = count - 1
  WHERE user_id = OLD.user_id AND account_id = OLD.account_id AND folder = OLD.folder
    AND state = OLD.is_read + 2 * OLD.is_starred + 4 * OLD.is_archived;
  INSERT INTO ems_inbox_state_counters (user_id, account_id, folder, state, count)
  SELECT NEW.user_id, NEW.account_id, NEW.folder, NEW.is_read + 2 * NEW.is_starred + 4 * NEW.is_archived, 1
  WHERE NEW.is_starred OR NEW.is_archived OR (NEW.is_read AND NEW.folder <> 'inbox')
  ON CONFLICT (user_id, account_id, folder, state) DO UPDATE SET count = count + 1;
END;
--> statement-breakpoint
CREATE TRIGGER ems_inbox_entries_unfiled AFTER DELETE ON ems_inbox_entries BEGIN
  UPDATE ems_inbox_state_counters SET count = count - 1
  WHERE user_id = OLD.user_id AND account_id = OLD.account_id AND folder = OLD.folder
    AND state = OLD.is_read + 2 * OLD.is_starred + 4 * OLD.is_archived;
END;
