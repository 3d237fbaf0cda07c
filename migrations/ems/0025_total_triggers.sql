-- Keep the counts of ems_totals.
CREATE TRIGGER ems_totals_accounts_inserted AFTER INSERT ON ems_accounts BEGIN
  INSERT INTO ems_totals VALUES ('accounts_' || NEW.status, 1)
  ON CONFLICT (name) DO UPDATE SET value = value + excluded.value;
END;
--> statement-breakpoint
CREATE TRIGGER ems_totals_accounts_updated AFTER UPDATE OF status ON ems_accounts
WHEN OLD.status <> NEW.status BEGIN
  INSERT INTO ems_totals VALUES ('accounts_' || OLD.status, -1), ('accounts_' || NEW.status, 1)
  ON CONFLICT (name) DO UPDATE SET value = value + excluded.value;
END;
--> statement-breakpoint
CREATE TRIGGER ems_totals_accounts_deleted AFTER DELETE ON ems_accounts BEGIN
  INSERT INTO ems_totals VALUES ('accounts_' || OLD.status, -1)
  ON CONFLICT (name) DO UPDATE SET value = value + excluded.value;
END;
--> statement-breakpoint
CREATE TRIGGER ems_totals_outbox_inserted AFTER INSERT ON ems_outbox BEGIN
  INSERT INTO ems_totals VALUES ('outbox_' || NEW.state, 1)
  ON CONFLICT (name) DO UPDATE SET value = value + excluded.value;
END;
--> statement-breakpoint
CREATE TRIGGER ems_totals_outbox_updated AFTER UPDATE OF state ON ems_outbox
WHEN OLD.state <> NEW.state BEGIN
  INSERT INTO ems_totals VALUES ('outbox_' || OLD.state, -1), ('outbox_' || NEW.state, 1)
  ON CONFLICT (name) DO UPDATE SET value = value + excluded.value;
END;
--> statement-breakpoint
CREATE TRIGGER ems_totals_outbox_deleted AFTER DELETE ON ems_outbox BEGIN
  INSERT INTO ems_totals VALUES ('outbox_' || OLD.state, -1)
  ON CONFLICT (name) DO UPDATE SET value = value + excluded.value;
END;
--> statement-breakpoint
CREATE TRIGGER ems_totals_deliveries_inserted AFTER INSERT ON ems_deliveries
WHEN NEW.state IN ('received', 'parked') BEGIN
  INSERT INTO ems_totals VALUES ('notifications_' || NEW.state, 1)
  ON CONFLICT (name) DO UPDATE SET value = value + excluded.value;
END;
--> statement-breakpoint
CREATE TRIGGER ems_totals_deliveries_updated AFTER UPDATE OF state ON ems_deliveries
WHEN OLD.state <> NEW.state BEGIN
  INSERT INTO ems_totals
  SELECT * FROM (SELECT 'notifications_' || OLD.state AS name, -1 AS value UNION ALL SELECT 'notifications_' || NEW.state, 1)
  WHERE name IN ('notifications_received', 'notifications_parked')
  ON CONFLICT (name) DO UPDATE SET value = value + excluded.value;
END;
--> statement-breakpoint
CREATE TRIGGER ems_totals_deliveries_deleted AFTER DELETE ON ems_deliveries
WHEN OLD.state IN ('received', 'parked') BEGIN
  INSERT INTO ems_totals VALUES ('notifications_' || OLD.state, -1)
  ON CONFLICT (name) DO UPDATE SET value = value + excluded.value;
END;
--> statement-breakpoint
CREATE TRIGGER ems_totals_repaired AFTER UPDATE OF repaired ON ems_syncs
WHEN NEW.repaired > OLD.repaired BEGIN
  INSERT INTO ems_totals VALUES ('repaired', NEW.repaired - OLD.repaired)
  ON CONFLICT (name) DO UPDATE SET value = value + excluded.value;
END;
--> statement-breakpoint
CREATE TRIGGER ems_reports_inserted AFTER INSERT ON ems_reports
WHEN NEW.name < 'since' BEGIN
  INSERT INTO ems_totals VALUES (NEW.name, NEW.value)
  ON CONFLICT (name) DO UPDATE SET value = value + excluded.value;
END;
--> statement-breakpoint
CREATE TRIGGER ems_reports_updated AFTER UPDATE OF value ON ems_reports
WHEN NEW.name < 'since' BEGIN
  INSERT INTO ems_totals VALUES (NEW.name, NEW.value - OLD.value)
  ON CONFLICT (name) DO UPDATE SET value = value + excluded.value;
END;
--> statement-breakpoint
-- What was repaired stays counted when its company is gone.
CREATE TRIGGER ems_reports_deleted AFTER DELETE ON ems_reports
WHEN OLD.name < 'repaired' BEGIN
  INSERT INTO ems_totals VALUES (OLD.name, -OLD.value)
  ON CONFLICT (name) DO UPDATE SET value = value + excluded.value;
END;
