-- A message that comes late is noted once, and no longer splits the stretches of everyone who has read around it.
-- Nearly always it is newer, or in a backfill older, than every stretch of its account, which the two look-ups in
-- the condition find out with a row each.
DROP TRIGGER ems_messages_late;
--> statement-breakpoint
CREATE TRIGGER ems_messages_late AFTER INSERT ON ems_messages
WHEN EXISTS (SELECT 1 FROM ems_inbox_stretches WHERE account_id = NEW.account_id AND newest_at >= NEW.sent_at)
  AND EXISTS (SELECT 1 FROM ems_inbox_stretches WHERE account_id = NEW.account_id AND oldest_at <= NEW.sent_at) BEGIN
  INSERT INTO ems_late_messages (account_id, message_id) VALUES (NEW.account_id, NEW.id);
END;
--> statement-breakpoint
-- Whoever touches an account for the first time has no stretch there: what came late before is nothing to them.
DROP TRIGGER ems_inbox_entries_inserted;
--> statement-breakpoint
CREATE TRIGGER ems_inbox_entries_inserted AFTER INSERT ON ems_inbox_entries BEGIN
  INSERT INTO ems_inbox_counters (user_id, account_id, read_count, archived_count, late_seen)
  VALUES (NEW.user_id, NEW.account_id, NEW.is_read AND NOT NEW.is_archived, NEW.is_archived,
    coalesce((SELECT max(seq) FROM ems_late_messages WHERE account_id = NEW.account_id), 0))
  ON CONFLICT (user_id, account_id) DO UPDATE SET
    read_count = read_count + excluded.read_count,
    archived_count = archived_count + excluded.archived_count;
END;
