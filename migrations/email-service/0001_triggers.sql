-- es_totals counts the accounts that are not deleted by their state.
CREATE TRIGGER es_accounts_total_created AFTER INSERT ON es_accounts WHEN NEW.deleted_at IS NULL BEGIN
  INSERT INTO es_totals (state, accounts) VALUES (NEW.state, 1)
  ON CONFLICT (state) DO UPDATE SET accounts = accounts + 1;
END;
--> statement-breakpoint
CREATE TRIGGER es_accounts_total_left AFTER UPDATE OF state, deleted_at ON es_accounts
WHEN OLD.deleted_at IS NULL AND (NEW.deleted_at IS NOT NULL OR NEW.state <> OLD.state) BEGIN
  UPDATE es_totals SET accounts = accounts - 1 WHERE state = OLD.state;
END;
--> statement-breakpoint
CREATE TRIGGER es_accounts_total_entered AFTER UPDATE OF state, deleted_at ON es_accounts
WHEN NEW.deleted_at IS NULL AND (OLD.deleted_at IS NOT NULL OR NEW.state <> OLD.state) BEGIN
  INSERT INTO es_totals (state, accounts) VALUES (NEW.state, 1)
  ON CONFLICT (state) DO UPDATE SET accounts = accounts + 1;
END;
--> statement-breakpoint
CREATE TRIGGER es_accounts_total_removed AFTER DELETE ON es_accounts WHEN OLD.deleted_at IS NULL BEGIN
  UPDATE es_totals SET accounts = accounts - 1 WHERE state = OLD.state;
END;
