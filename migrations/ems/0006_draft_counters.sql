-- The list of drafts takes its total from here.
UPDATE ems_accounts SET draft_count = (SELECT count(*) FROM ems_drafts WHERE account_id = ems_accounts.id);
--> statement-breakpoint
CREATE TRIGGER ems_drafts_inserted AFTER INSERT ON ems_drafts BEGIN
  UPDATE ems_accounts SET draft_count = draft_count + 1 WHERE id = NEW.account_id;
END;
--> statement-breakpoint
CREATE TRIGGER ems_drafts_deleted AFTER DELETE ON ems_drafts BEGIN
  UPDATE ems_accounts SET draft_count = draft_count - 1 WHERE id = OLD.account_id;
END;
--> statement-breakpoint
CREATE TRIGGER ems_drafts_moved AFTER UPDATE OF account_id ON ems_drafts WHEN OLD.account_id <> NEW.account_id BEGIN
  UPDATE ems_accounts SET draft_count = draft_count - 1 WHERE id = OLD.account_id;
  UPDATE ems_accounts SET draft_count = draft_count + 1 WHERE id = NEW.account_id;
END;
