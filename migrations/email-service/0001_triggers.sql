-- Keep the counts of es_totals: of the accounts that are not deleted, and of all that a key of MAIL_KEYS seals.
CREATE TRIGGER es_totals_inserted AFTER INSERT ON es_accounts WHEN NEW.deleted_at IS NULL BEGIN
  INSERT INTO es_totals VALUES ('state_' || NEW.state, 1)
  ON CONFLICT (name) DO UPDATE SET value = value + excluded.value;
END;
--> statement-breakpoint
CREATE TRIGGER es_totals_left AFTER UPDATE OF state, deleted_at ON es_accounts
WHEN OLD.deleted_at IS NULL AND (NEW.deleted_at IS NOT NULL OR OLD.state <> NEW.state) BEGIN
  INSERT INTO es_totals VALUES ('state_' || OLD.state, -1)
  ON CONFLICT (name) DO UPDATE SET value = value + excluded.value;
END;
--> statement-breakpoint
CREATE TRIGGER es_totals_entered AFTER UPDATE OF state, deleted_at ON es_accounts
WHEN NEW.deleted_at IS NULL AND (OLD.deleted_at IS NOT NULL OR OLD.state <> NEW.state) BEGIN
  INSERT INTO es_totals VALUES ('state_' || NEW.state, 1)
  ON CONFLICT (name) DO UPDATE SET value = value + excluded.value;
END;
--> statement-breakpoint
CREATE TRIGGER es_totals_deleted AFTER DELETE ON es_accounts WHEN OLD.deleted_at IS NULL BEGIN
  INSERT INTO es_totals VALUES ('state_' || OLD.state, -1)
  ON CONFLICT (name) DO UPDATE SET value = value + excluded.value;
END;
--> statement-breakpoint
CREATE TRIGGER es_totals_unsealed AFTER UPDATE OF key_id ON es_accounts
WHEN OLD.key_id IS NOT NULL AND OLD.key_id IS NOT NEW.key_id BEGIN
  INSERT INTO es_totals VALUES ('key_' || OLD.key_id, -1)
  ON CONFLICT (name) DO UPDATE SET value = value + excluded.value;
END;
--> statement-breakpoint
CREATE TRIGGER es_totals_sealed AFTER UPDATE OF key_id ON es_accounts
WHEN NEW.key_id IS NOT NULL AND OLD.key_id IS NOT NEW.key_id BEGIN
  INSERT INTO es_totals VALUES ('key_' || NEW.key_id, 1)
  ON CONFLICT (name) DO UPDATE SET value = value + excluded.value;
END;
--> statement-breakpoint
CREATE TRIGGER es_totals_key_deleted AFTER DELETE ON es_accounts WHEN OLD.key_id IS NOT NULL BEGIN
  INSERT INTO es_totals VALUES ('key_' || OLD.key_id, -1)
  ON CONFLICT (name) DO UPDATE SET value = value + excluded.value;
END;
